"""The table: players, ledger, catalogs and job runs; the only package that knows PynamoDB."""
