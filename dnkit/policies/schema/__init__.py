"""The JSON Schema of policies, made from the table of keys."""
