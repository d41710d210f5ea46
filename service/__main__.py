"""`python -m service` is `scim-ledger`."""

from service.cli import main

main()
