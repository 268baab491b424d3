"""The licences of open data that offices use, with the addresses of their terms."""

import re
import unicodedata
from typing import NamedTuple


class Licence(NamedTuple):
    """A licence as the edition names it. `id` and `url` are empty for one that is not known here."""

    title: str
    id: str = ""
    url: str = ""


# By name without spaces and punctuation, in capitals.
_KNOWN = {
    "CCBY40": ("CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/deed.ja"),
    "CC0": ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/deed.ja"),
    "CC010": ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/deed.ja"),
    "PDL10": ("PDL-1.0", "https://www.digital.go.jp/resources/open_data/public_data_license_v1.0"),
    "公共データ利用規約第10版": ("PDL-1.0", "https://www.digital.go.jp/resources/open_data/public_data_license_v1.0"),
}


def licence(name: str) -> Licence:
    """The licence called `name` (公開: ライセンス)."""
    key = re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", name)).upper()
    return Licence(name, *_KNOWN.get(key, ()))
