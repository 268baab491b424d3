"""The documents: each module says what one of them holds, and once more what its PDF must say."""
