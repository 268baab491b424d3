"""The source inside a PDF of ours: the printed year's paper is enough to compare with.

Such a PDF may come from anywhere. What it holds is only read, by pypdf, and parsed like any other source; a
PDF whose source, metadata and footers do not belong together was changed after it was made, and is refused.
"""

import hashlib
import io
import logging
import re
from itertools import islice
from typing import Any, Final

NAME: Final = "source.yaml"

# The footers of so many pages are compared with the source; a changed source would be in all of them.
_PAGES = 20


class NotOursError(Exception):
    """The PDF holds no source, or one that cannot be read."""


class AlteredError(Exception):
    """The source in the PDF is not the one that it was made of."""


def take_source(data: bytes) -> tuple[bytes, str]:
    """The bytes of the source in the PDF `data`, and the id of its edition. Raises `NotOursError` or `AlteredError`."""
    import pypdf  # here: only a PDF needs it

    log = logging.getLogger("pypdf")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)  # what it says of a damaged file is English, and is no more than ours
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        catalog: Any = reader.trailer["/Root"]
        (source,) = reader.attachments[NAME]
        file = next(file for file in map(_resolve, catalog["/AF"]) if file["/UF"] == NAME)
        (edition,) = re.findall(r"\(版 ([a-z0-9-]+)\)", str(file["/Desc"]))
        xmp = catalog["/Metadata"].get_data().decode("utf-8", "replace")
        footers = [re.sub(r"\s", "", page.extract_text()) for page in islice(reader.pages, _PAGES)]
    except MemoryError:
        raise  # that is this machine's, not the file's
    except Exception as error:  # a hostile PDF can make pypdf raise anything; none of it concerns the reader
        raise NotOursError from error
    finally:
        log.setLevel(level)
    digest = hashlib.sha256(source).hexdigest()
    if f">sha256:{digest}<" not in xmp or not all(f"原データ{digest[:8]}" in footer for footer in footers):
        raise AlteredError
    return source, edition


def _resolve(item: Any) -> Any:
    return item.get_object()
