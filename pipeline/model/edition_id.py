"""The id of an edition: the name of its file in source/ without .yaml. Every run needs it, so it imports little."""

import re

# How to mend the name of a file that is no id.
RENAME = "ファイル名(.yaml の前)を、半角の英小文字、数字、「-」に改めてください。"

EDITION_ID = "[a-z0-9][a-z0-9-]{0,63}"


def is_edition_id(text: str) -> bool:
    """Whether `text` can be an edition's id: 1 to 64 lower-case letters, digits and hyphens, no hyphen first."""
    return bool(re.fullmatch(EDITION_ID, text))
