-- load_logins: all stored logins with their sealed passwords.
SELECT name, sealed_password
  FROM service.logins
 ORDER BY name
