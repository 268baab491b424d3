"""The pages beside the source while it is edited: `make preview`. Off *proof*, and nothing is delivered."""
