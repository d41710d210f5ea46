-- find_address: where clients reach the service, by its last start; no row before the first.
SELECT origin
  FROM service.addresses
