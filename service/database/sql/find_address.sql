-- find_address: where clients reach the service, as of its last start; no row before the first start.
SELECT origin
  FROM service.addresses
