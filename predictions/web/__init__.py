"""Pages for everybody, and what tells an operator that the service is well."""
