"""What the API shows, member by member. Members are added, never renamed: clients rely on them.

TypedDicts: they cost nothing at import, and OpenAPI is generated from them all the same. Instants are RFC 3339 texts.
"""
