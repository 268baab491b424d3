"""What programs that nobody here wrote find in a PDF: page-validation (PDF/A-3a and PDF/UA-1) and qpdf (the file)."""

import re
import shutil
import subprocess
import tempfile
import zlib

import page
import pytest

PROFILES = (page.ValidationProfile.PDF_A_3A, page.ValidationProfile.PDF_UA_1)
LENGTH_RULE = "PDFA3A-STREAM-LENGTH-001"

_STREAM = re.compile(rb"\d+ 0 obj\s*(<<(?:(?!endobj).)*?>>)\s*stream\r?\n", re.DOTALL)

needs_qpdf = pytest.mark.skipif(shutil.which("qpdf") is None, reason="qpdf is not installed")


def found_by_qpdf(data: bytes) -> str:
    """The errors and warnings of `qpdf --check`: cross-reference tables, object streams, compressed data."""
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(data)
        file.flush()
        command = ["qpdf", "--check", file.name]
        ended = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    return ended.stderr or f"{ended.returncode or ''}"


def violations(data: bytes) -> list[str]:
    """The rules of both standards that the PDF `data` breaks."""
    return [rule for rule in told(data) if rule != LENGTH_RULE or not lengths_are_right(data)]


def told(data: bytes) -> list[str]:
    """The rules that page-validation tells of, its false alarm (see `lengths_are_right`) among them."""
    return [
        failure.rule_id for profile in PROFILES for failure in page.validate_pdf_bytes(data, profile=profile).failures
    ]


def lengths_are_right(data: bytes) -> bool:
    """Whether each stream of `data` is as long as its /Length says.

    A compressed stream may end in byte 0x0D by chance. The validator takes that, with the line feed before `endstream`,
    for one end of line of two bytes and tells of a wrong length. What must come between the data and `endstream` is an
    end of line, and a line feed is one (ISO 19005-3, 6.1.7.1).
    """
    position = 0
    while head := _STREAM.search(data, position):
        length = re.search(rb"/Length (\d+)\b(?! \d+ R)", head[1])
        if length is None:
            return False
        stream = data[head.end() : head.end() + int(length[1])]
        position = head.end() + len(stream)
        if not data[position : position + 11].lstrip(b"\r\n").startswith(b"endstream"):
            return False
        if b"/FlateDecode" in head[1]:
            unpacked = zlib.decompressobj()
            unpacked.decompress(stream)
            if not unpacked.eof or unpacked.unused_data:
                return False
    return True
