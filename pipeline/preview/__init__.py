"""`make preview`: shows the pages of an edition in a browser while its source is edited. Nothing is delivered."""
