-- load_secrets: all secrets of the installation, wrapped, locked until the transaction ends.
SELECT name, wrapped_secret
  FROM service.secrets
 ORDER BY name
   FOR UPDATE
