"""Signing: what a signed report keeps, what it shows, and what is refused, with certificates made here."""

import datetime
import getpass
import io
import os
import re
import socket
import subprocess
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdf
import pytest
from asn1crypto.x509 import Certificate as Asn1Certificate  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, pkcs12
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from pipeline.errors import LackError, PipelineError, ProofError, UsageError
from pipeline.office import signature
from pipeline.office.signature import read_passphrase, sign, sign_report
from pipeline.proof.proof import prove

from .conformance import LENGTH_RULE, found_by_qpdf, needs_qpdf, told, violations
from .conftest import HEALTHY, ROOT, Made

PASSPHRASE = "合言葉 1".encode()
JAPAN = datetime.timezone(datetime.timedelta(hours=9))
MOMENT = datetime.datetime(2026, 4, 1, 9, 30, tzinfo=JAPAN)
DAY = datetime.timedelta(days=1)

Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def usage(**allowed: bool) -> x509.KeyUsage:
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: allowed.get(name, False) for name in names})


def name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


class Authority:
    """A certification authority that exists while the tests run."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        certify = usage(key_cert_sign=True, crl_sign=True)
        self.certificate = self._issue("試験認証局", self._key, constraints, certify)

    def issue(
        self,
        key: Private,
        key_usage: x509.KeyUsage | None = None,
        begin: datetime.datetime = MOMENT - DAY,
        end: datetime.datetime = MOMENT + DAY,
    ) -> x509.Certificate:
        # Whoever wanted to fetch something, would find here where.
        location = x509.UniformResourceIdentifier("http://ca.example/")
        point = x509.DistributionPoint([location], None, None, None)
        access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, location)
        extensions = [x509.CRLDistributionPoints([point]), x509.AuthorityInformationAccess([access])]
        extensions += [] if key_usage is None else [key_usage]
        return self._issue("試験市長", key, *extensions, begin=begin, end=end)

    def _issue(
        self,
        subject: str,
        key: Private,
        *extensions: x509.ExtensionType,
        begin: datetime.datetime = MOMENT - 9 * DAY,
        end: datetime.datetime = MOMENT + 9 * DAY,
    ) -> x509.Certificate:
        builder = x509.CertificateBuilder(name("試験認証局"), name(subject), key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(end)
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.KeyUsage))
        return builder.sign(self._key, hashes.SHA256())

    def pack(self, key: Private, certificate: x509.Certificate) -> bytes:
        """The PKCS#12 file that the owner of `key` gets."""
        encryption = BestAvailableEncryption(PASSPHRASE)
        return pkcs12.serialize_key_and_certificates(b"seal", key, certificate, [self.certificate], encryption)


SIGNING = usage(digital_signature=True, content_commitment=True)


@dataclass(frozen=True)
class Seal:
    """The office's key, and what made it."""

    authority: Authority
    private: rsa.RSAPrivateKey
    file: bytes


@pytest.fixture(scope="module")
def seal() -> Seal:
    authority, private = Authority(), rsa.generate_private_key(65537, 2048)
    return Seal(authority, private, authority.pack(private, authority.issue(private, SIGNING)))


@pytest.fixture(scope="module")
def made(make: Callable[[str], Made]) -> Made:
    """Two pages, with a date."""
    return make("現在日: 2013-03-31\n" + HEALTHY.replace("- 名称: 施策二", "- 名称: 施策二\n        改ページ: true"))


@pytest.fixture(scope="module")
def signed(made: Made, seal: Seal) -> bytes:
    return sign(made.pdf, seal.file, PASSPHRASE, MOMENT)


def status(data: bytes, authority: Authority) -> PdfSignatureStatus:
    """What pyHanko's validator says, for somebody who trusts `authority`."""
    root = Asn1Certificate.load(authority.certificate.public_bytes(Encoding.DER))
    context = ValidationContext(trust_roots=[root], moment=MOMENT, allow_fetching=False)
    (embedded,) = PdfFileReader(io.BytesIO(data)).embedded_signatures
    return validate_pdf_signature(embedded, context)


def holds(data: bytes, authority: Authority) -> bool:
    try:
        found = status(data, authority)
    except (PdfError, SignatureValidationError, ValueError, LookupError, TypeError, AssertionError, zlib.error):
        return False  # nobody can take for valid what nobody can read
    return found.bottom_line and found.coverage is SignatureCoverageLevel.ENTIRE_FILE


def added_table(data: bytes) -> tuple[int, int, int]:
    """The cross-reference stream that signing added: its object's number, where its data begin, and where they end."""
    start = int(data.split()[-2])
    head = re.compile(rb"(\d+) 0 obj\n<<.*?/Length (\d+)\n>>\nstream\n", re.DOTALL).match(data, start)
    assert head is not None
    return int(head[1]), head.end(), head.end() + int(head[2])


# What a signed report keeps


def test_a_signed_report_begins_with_the_unsigned_bytes(made: Made, signed: bytes) -> None:
    assert signed.startswith(made.pdf)
    assert len(signed) < len(made.pdf) + 20_000


def test_a_signed_report_conforms_to_both_standards(signed: bytes) -> None:
    assert violations(signed) == []


@needs_qpdf
def test_qpdf_finds_nothing_wrong_with_what_signing_added(signed: bytes) -> None:
    assert found_by_qpdf(signed) == ""


def test_the_validator_sees_a_signature_without_tags(made: Made, seal: Seal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signature, "_tag", lambda *_: None)
    assert violations(sign(made.pdf, seal.file, PASSPHRASE, MOMENT))


def test_the_validator_is_contradicted_only_if_the_length_is_right(signed: bytes) -> None:
    _, begin, end = added_table(signed)
    head, packed, tail = signed[:begin], signed[begin:end], signed[end:]

    def judged(length: int, packed: bytes) -> tuple[bool, bool]:
        """By the validator, and by the tests."""
        start = head.rindex(b"/Length")
        data = head[:start] + b"/Length %d\n>>\nstream\n" % length + packed + tail
        return LENGTH_RULE in told(data), LENGTH_RULE in violations(data)

    # Nobody reads the generation of the first, free entry: with it the checksum's last byte is chosen.
    table = bytearray(zlib.decompress(packed))
    table[10] = (table[10] + ord("\r") - zlib.adler32(table)) % 256
    chosen = zlib.compress(table)
    assert chosen.endswith(b"\r")
    assert judged(len(chosen), chosen) == (True, False)
    # A carriage return that is the end of line's, not the data's, but is counted.
    table[10] = (table[10] + 1) % 256
    other = zlib.compress(table)
    assert judged(len(other), other) == (False, False)
    assert judged(len(other) + 1, other + b"\r") == (True, True)
    # Another stream, alone and beside the false alarm.
    head = re.sub(rb"/Length (\d+)", lambda found: b"/Length %d" % (int(found[1]) - 1), head, count=1)
    assert judged(len(other), other) == (True, True)
    assert judged(len(chosen), chosen) == (True, True)


def test_a_signed_report_is_still_proved(made: Made, signed: bytes) -> None:
    assert prove(signed, made.document) == 2


def test_signing_changes_nothing_that_the_document_says_of_itself(made: Made, signed: bytes) -> None:
    before, after = (pypdf.PdfReader(io.BytesIO(data)) for data in (made.pdf, signed))
    assert before.metadata == after.metadata
    assert before.trailer["/ID"][0] == after.trailer["/ID"][0]  # type: ignore[index]
    catalogs: list[Any] = [reader.trailer["/Root"] for reader in (before, after)]
    assert catalogs[0]["/Metadata"].get_data() == catalogs[1]["/Metadata"].get_data()
    assert {*catalogs[1]} - {*catalogs[0]} == {"/AcroForm", "/Extensions", "/Perms"}
    assert before.attachments == after.attachments


# What it shows


def test_the_field_is_the_last_element_of_the_document_and_leads_back_to_it(signed: bytes) -> None:
    reader = pypdf.PdfReader(io.BytesIO(signed))
    catalog: Any = reader.trailer["/Root"]
    tree = catalog["/StructTreeRoot"]
    document = tree["/K"][0].get_object()
    form = document["/K"][-1].get_object()
    (reference,) = form["/K"]
    widget = reference["/Obj"]
    assert (form["/S"], form.raw_get("/P")) == ("/Form", tree["/K"][0])
    assert reference["/Type"] == "/OBJR"
    last: Any = reader.pages[1]
    assert reference["/Pg"] == widget["/P"] == last
    assert last["/Annots"] == [reference.raw_get("/Obj")] == catalog["/AcroForm"]["/Fields"]
    numbers = tree["/ParentTree"]["/Nums"]
    assert numbers[::2] == [0, 1, widget["/StructParent"]]
    assert numbers[-1] == document["/K"][-1]
    assert tree["/ParentTreeNextKey"] == 3


def test_the_field_is_called_by_its_name_and_leaves_the_paper_as_it_is(signed: bytes) -> None:
    catalog: Any = pypdf.PdfReader(io.BytesIO(signed)).trailer["/Root"]
    (field,) = (field.get_object() for field in catalog["/AcroForm"]["/Fields"])
    assert field["/TU"] == "電子署名"
    assert field["/Rect"] == [0, 0, 0, 0]
    assert field["/F"] & 0b110 == 0b100  # printed and not hidden, as PDF/A asks


def test_the_signature_is_pades_baseline_b(signed: bytes) -> None:
    (embedded,) = PdfFileReader(io.BytesIO(signed)).embedded_signatures
    assert embedded.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert embedded.self_reported_timestamp == MOMENT
    attributes = {attribute["type"].native for attribute in embedded.signer_info["signed_attrs"]}
    assert attributes == {"content_type", "message_digest", "signing_certificate_v2"}
    chain = {certificate.chosen.subject.native["common_name"] for certificate in embedded.signed_data["certificates"]}
    assert chain == {"試験市長", "試験認証局"}


def test_who_trusts_the_authority_finds_the_signature_valid(signed: bytes, seal: Seal) -> None:
    found = status(signed, seal.authority)
    assert found.intact
    assert found.valid
    assert found.trusted
    assert found.coverage is SignatureCoverageLevel.ENTIRE_FILE
    assert found.bottom_line


def test_who_trusts_another_authority_does_not(signed: bytes) -> None:
    found = status(signed, Authority())
    assert found.intact
    assert not found.trusted
    assert not found.bottom_line


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1()], ids=lambda curve: curve.name)
def test_a_key_on_an_elliptic_curve_signs_too(curve: ec.EllipticCurve, made: Made, seal: Seal) -> None:
    key = ec.generate_private_key(curve)
    data = sign(made.pdf, seal.authority.pack(key, seal.authority.issue(key, SIGNING)), PASSPHRASE, MOMENT)
    assert holds(data, seal.authority)
    assert violations(data) == []


# What is noticed


def test_one_flipped_byte_is_noticed_wherever_it_is_signed(signed: bytes, seal: Seal) -> None:
    assert holds(signed, seal.authority)
    (embedded,) = PdfFileReader(io.BytesIO(signed)).embedded_signatures
    begin, first, second, rest = embedded.byte_range
    assert (begin, second + rest) == (0, len(signed))
    places = {*range(0, first, first // 40), first - 1, *range(second, len(signed), rest // 10), len(signed) - 1}
    unnoticed = [at for at in sorted(places) if holds(flipped(signed, at), seal.authority)]
    assert not unnoticed


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_something_added_later_is_noticed(signed: bytes, seal: Seal) -> None:
    """By a program that keeps to the rules: what was signed is intact, but is no longer all."""
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(signed))
    writer.root["/Note"] = generic.pdf_string("あとから")
    writer.update_root()
    target = io.BytesIO()
    writer.write(target)
    found = status(target.getvalue(), seal.authority)
    assert found.intact
    assert not found.bottom_line


def changed_before(data: bytes, unsigned: bytes) -> bytes:
    return flipped(data, len(unsigned) // 2)


def changed_behind(data: bytes, unsigned: bytes) -> bytes:
    """The moment."""
    del unsigned
    assert b"/M (D\\0722026" in data
    return data.replace(b"/M (D\\0722026", b"/M (D\\0722025")


def another_signature(data: bytes, unsigned: bytes) -> bytes:
    """Of the right hash: the value that was computed with the key is another."""
    del unsigned
    (embedded,) = PdfFileReader(io.BytesIO(data)).embedded_signatures
    value = embedded.signer_info["signature"].native.hex().upper().encode()
    assert value in data
    return data.replace(value, value[:-2] + b"00")


def something_appended(data: bytes, unsigned: bytes) -> bytes:
    del unsigned
    return data + b"% \n"


@pytest.mark.parametrize("harm", [changed_before, changed_behind, another_signature, something_appended])
def test_a_signature_that_does_not_fit_is_not_delivered(
    harm: Callable[[bytes, bytes], bytes], made: Made, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = signature._write
    monkeypatch.setattr(signature, "_write", lambda *given: harm(write(*given), made.pdf))
    with pytest.raises(ProofError, match="署名がファイルと合いませんでした"):
        sign(made.pdf, seal.file, PASSPHRASE, MOMENT)


def test_another_document_is_not_delivered_in_the_place_of_the_one_to_be_signed(
    made: Made, healthy: Made, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = signature._writer
    monkeypatch.setattr(signature, "_writer", lambda _: writer(healthy.pdf))
    with pytest.raises(ProofError, match="署名がファイルと合いませんでした"):
        sign(made.pdf, seal.file, PASSPHRASE, MOMENT)


def test_signing_logs_nothing(made: Made, seal: Seal, caplog: pytest.LogCaptureFixture) -> None:
    sign(made.pdf, seal.file, PASSPHRASE, MOMENT)
    assert caplog.messages == []


def test_nothing_is_asked_of_the_network(made: Made, seal: Seal) -> None:
    asked: list[str] = []
    watched = True

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        del arguments
        if watched and event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
            asked.append(event)

    sys.addaudithook(watch)  # for good: Python takes no hook back
    sign(made.pdf, seal.file, PASSPHRASE, MOMENT)
    assert asked == []
    socket.getaddrinfo("127.0.0.1", 80)
    watched = False
    assert asked == ["socket.getaddrinfo"]


# What is refused


def expired(seal: Seal) -> bytes:
    return seal.authority.pack(seal.private, seal.authority.issue(seal.private, SIGNING, end=MOMENT - DAY / 2))


def not_yet_valid(seal: Seal) -> bytes:
    return seal.authority.pack(seal.private, seal.authority.issue(seal.private, SIGNING, begin=MOMENT + DAY / 2))


def for_encryption(seal: Seal) -> bytes:
    return seal.authority.pack(seal.private, seal.authority.issue(seal.private, usage(key_encipherment=True)))


def of_the_authority(seal: Seal) -> bytes:
    key = seal.authority._key
    return pkcs12.serialize_key_and_certificates(
        b"seal", key, seal.authority.certificate, None, BestAvailableEncryption(PASSPHRASE)
    )


def too_short(seal: Seal) -> bytes:
    key = rsa.generate_private_key(65537, 1024)
    return seal.authority.pack(key, seal.authority.issue(key, SIGNING))


def on_a_short_curve(seal: Seal) -> bytes:
    key = ec.generate_private_key(ec.SECP224R1())
    return seal.authority.pack(key, seal.authority.issue(key, SIGNING))


def of_another_kind(seal: Seal) -> bytes:
    key = ed25519.Ed25519PrivateKey.generate()
    return seal.authority.pack(key, seal.authority.issue(key, SIGNING))


def certificate_alone(seal: Seal) -> bytes:
    return seal.authority.issue(seal.private, SIGNING).public_bytes(Encoding.PEM)


def without_key(seal: Seal) -> bytes:
    certificate = seal.authority.issue(seal.private, SIGNING)
    return pkcs12.serialize_key_and_certificates(b"seal", None, certificate, None, BestAvailableEncryption(PASSPHRASE))


def without_certificate(seal: Seal) -> bytes:
    return pkcs12.serialize_key_and_certificates(b"seal", seal.private, None, None, BestAvailableEncryption(PASSPHRASE))


def cut_short(seal: Seal) -> bytes:
    return seal.file[:-100]


def empty(seal: Seal) -> bytes:
    del seal
    return b""


BAD_KEYS = {
    expired: "有効期限(2026-03-31 21:30)が切れています",
    not_yet_valid: "まだ有効ではありません(2026-04-01 21:30から)",
    for_encryption: "用途(Key Usage)に署名がありません",
    of_the_authority: "用途(Key Usage)に署名がありません",
    too_short: "RSA(2048ビット以上)か楕円曲線",
    on_a_short_curve: "RSA(2048ビット以上)か楕円曲線",
    of_another_kind: "RSA(2048ビット以上)か楕円曲線",
    certificate_alone: "PKCS#12(.p12、.pfx)ではありません",
    without_key: "秘密鍵とその証明書がそろっていません",
    without_certificate: "秘密鍵とその証明書がそろっていません",
    cut_short: "PKCS#12(.p12、.pfx)ではありません",
    empty: "PKCS#12(.p12、.pfx)ではありません",
}


@pytest.mark.parametrize(("key", "message"), BAD_KEYS.items(), ids=[key.__name__ for key in BAD_KEYS])
def test_a_key_that_cannot_sign_is_refused(key: Callable[[Seal], bytes], message: str, made: Made, seal: Seal) -> None:
    with pytest.raises(UsageError) as error:
        sign(made.pdf, key(seal), PASSPHRASE, MOMENT)
    assert message in str(error.value)


@pytest.mark.parametrize("passphrase", [b"", b"wrong", PASSPHRASE + b"\n", b"a\0b", b"\x8d\x87"])
def test_a_wrong_passphrase_is_told_from_a_wrong_file(passphrase: bytes, made: Made, seal: Seal) -> None:
    with pytest.raises(UsageError, match="パスワードが違います"):
        sign(made.pdf, seal.file, passphrase, MOMENT)


def test_a_key_whose_use_is_not_limited_signs(made: Made, seal: Seal) -> None:
    key = seal.authority.pack(seal.private, seal.authority.issue(seal.private, None))
    assert status(sign(made.pdf, key, PASSPHRASE, MOMENT), seal.authority).intact


def test_a_key_in_the_form_of_older_programs_signs(made: Made, seal: Seal) -> None:
    """In BER: of no stated length, with an end mark."""
    assert seal.file[1] == 0x82
    assert holds(sign(made.pdf, b"\x30\x80" + seal.file[4:] + b"\0\0", PASSPHRASE, MOMENT), seal.authority)


def test_a_key_without_passphrase_signs(made: Made, seal: Seal) -> None:
    certificate = seal.authority.issue(seal.private, SIGNING)
    key = pkcs12.serialize_key_and_certificates(b"seal", seal.private, certificate, None, NoEncryption())
    assert holds(sign(made.pdf, key, b"", MOMENT), seal.authority)


def test_a_damaged_key_file_never_ends_in_a_traceback(made: Made, seal: Seal) -> None:
    refused = 0
    for at in range(0, len(seal.file), 37):
        try:
            sign(made.pdf, flipped(seal.file, at), PASSPHRASE, MOMENT)
        except UsageError:
            refused += 1
    assert refused


def test_a_damaged_report_never_ends_in_a_traceback(made: Made, seal: Seal) -> None:
    """What holds its structure together stands at the end. Whether it is the one that was proved is not asked here."""
    refused = 0
    for at in range(len(made.pdf) - 1500, len(made.pdf), 97):
        try:
            sign(flipped(made.pdf, at), seal.file, PASSPHRASE, MOMENT)
        except UsageError:
            refused += 1
    assert refused


@pytest.mark.parametrize("pdf", [b"", b"%PDF-1.7\n", b"no PDF"])
def test_what_is_no_report_is_not_signed(pdf: bytes, seal: Seal) -> None:
    with pytest.raises(UsageError, match="署名するPDFを読めません"):
        sign(pdf, seal.file, PASSPHRASE, MOMENT)


def test_a_report_whose_table_of_objects_is_none_is_not_signed(made: Made, seal: Seal) -> None:
    """At which pyHanko fails an assertion of its own."""
    damaged = made.pdf.replace(b"/XRef", b"/XReg")
    assert damaged != made.pdf
    with pytest.raises(UsageError, match="署名するPDFを読めません"):
        sign(damaged, seal.file, PASSPHRASE, MOMENT)


def test_a_pdf_without_tags_is_not_signed(seal: Seal) -> None:
    writer, target = pypdf.PdfWriter(), io.BytesIO()
    writer.add_blank_page(100, 100)
    writer.write(target)
    with pytest.raises(UsageError, match="署名するPDFを読めません"):
        sign(target.getvalue(), seal.file, PASSPHRASE, MOMENT)


def test_what_is_signed_is_not_signed_again(signed: bytes, seal: Seal) -> None:
    with pytest.raises(UsageError, match="既に署名か入力欄があります"):
        sign(signed, seal.file, PASSPHRASE, MOMENT)


# The command's function


@dataclass(frozen=True)
class Desk:
    """A project with a delivered report, a key and a passphrase in a file."""

    report: Path
    key: Path
    passphrase: Path

    def sign(self) -> Path:
        return sign_report(self.report, self.key, self.passphrase, MOMENT)


@pytest.fixture
def desk(project: Path, made: Made, seal: Seal) -> Desk:
    desk = Desk(Path("out/test/report.pdf"), project / "市長 印.p12", project / "passphrase.txt")
    desk.report.parent.mkdir(parents=True)
    desk.report.write_bytes(made.pdf)
    desk.key.write_bytes(seal.file)
    desk.passphrase.write_bytes(PASSPHRASE + b"\n")
    return desk


def test_the_signed_report_is_delivered_beside_the_unsigned_one(desk: Desk, made: Made, seal: Seal) -> None:
    path = desk.sign()
    assert path == Path("out/test/report-signed.pdf")
    assert holds(path.read_bytes(), seal.authority)
    assert desk.report.read_bytes() == made.pdf
    assert {*desk.report.parent.iterdir()} == {desk.report, path}


def missing_key(desk: Desk) -> str:
    desk.key.unlink()
    return "市長 印.p12」: ファイルがありません"


def key_is_a_folder(desk: Desk) -> str:
    desk.key.unlink()
    desk.key.mkdir()
    return "フォルダーです"


def key_is_a_pipe(desk: Desk) -> str:
    desk.key.unlink()
    os.mkfifo(desk.key)
    return "普通のファイルではありません"


def key_is_large(desk: Desk) -> str:
    with desk.key.open("wb") as file:
        file.truncate(signature.MAX_KEY_BYTES + 1)
    return "大きすぎます"


def passphrase_is_missing(desk: Desk) -> str:
    desk.passphrase.unlink()
    return "パスワードのファイル「"


def passphrase_is_large(desk: Desk) -> str:
    desk.passphrase.write_bytes(b"x" * 2000)
    return "大きすぎます"


def passphrase_is_wrong(desk: Desk) -> str:
    desk.passphrase.write_text("x\n")
    return "パスワードが違います"


def report_is_missing(desk: Desk) -> str:
    desk.report.unlink()
    return "make report EDITION=test"


def out_is_a_link(desk: Desk) -> str:
    desk.key.with_name("out").rename("elsewhere")
    Path("out").symlink_to("elsewhere")
    return "リンク"


@pytest.mark.parametrize(
    "harm",
    [
        missing_key, key_is_a_folder, key_is_a_pipe, key_is_large, passphrase_is_missing, passphrase_is_large,
        passphrase_is_wrong, report_is_missing, out_is_a_link,
    ],
)  # fmt: skip
def test_a_failure_leaves_the_former_signed_file(harm: Callable[[Desk], str], desk: Desk) -> None:
    former = desk.report.with_name("report-signed.pdf")
    former.write_bytes(b"former")
    message = harm(desk)
    there = {*desk.report.parent.iterdir()}
    with pytest.raises(PipelineError) as error:
        desk.sign()
    assert message in str(error.value)
    assert error.value.exit_code == (3 if harm is out_is_a_link else 2)
    assert former.read_bytes() == b"former"
    assert {*desk.report.parent.iterdir()} == there


def test_the_passphrase_is_not_asked_for_before_all_else_is_there(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signature, "read_passphrase", lambda _: pytest.fail("asked"))
    desk.key.unlink()
    with pytest.raises(UsageError, match="鍵のファイル"):
        desk.sign()


def test_without_pyhanko_the_command_that_installs_it_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyhanko.sign.signers", None)
    with pytest.raises(LackError, match="make setup-sign"):
        desk.sign()


def test_without_signing_nothing_of_pyhanko_is_imported() -> None:
    program = (
        "import sys, pipeline.office.signature; print(*(name for name in sys.modules if name.startswith('pyhanko')))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


# The passphrase


@pytest.mark.parametrize(
    ("content", "passphrase"),
    [(b"abc", b"abc"), (b"abc\n", b"abc"), (b"abc\r\n", b"abc"), (b" a b \n\n", b" a b \n"), (b"", b"")],
)
def test_one_line_end_of_the_passphrase_file_is_dropped(content: bytes, passphrase: bytes, tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_bytes(content)
    assert read_passphrase(file) == passphrase


def test_the_file_counts_more_than_the_environment_and_that_more_than_asking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KYODO_PASSPHRASE", raising=False)
    monkeypatch.setattr(getpass, "getpass", lambda prompt: f"asked: {prompt}")
    assert read_passphrase(None) == "asked: 署名の鍵のパスワード(入力しても表示されません): ".encode()
    monkeypatch.setenv("KYODO_PASSPHRASE", "環境")
    assert read_passphrase(None) == "環境".encode()
    file = tmp_path / "passphrase"
    file.write_text("file", "utf-8")
    assert read_passphrase(file) == b"file"


def test_without_a_terminal_the_passphrase_is_not_read_in_the_open() -> None:
    program = (
        "from pipeline import errors\n"
        "from pipeline.office import signature\n"
        "try: signature.read_passphrase(None)\n"
        "except errors.UsageError as error: print(error)\n"
    )
    environment = {key: value for key, value in os.environ.items() if key != "KYODO_PASSPHRASE"}
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", program],
        cwd=ROOT, env=environment, input="secret\n", capture_output=True, encoding="utf-8", start_new_session=True,
    )  # fmt: skip
    assert "PASSPHRASE_FILE" in done.stdout
    assert "KYODO_PASSPHRASE" in done.stdout
    assert done.stderr == ""
    assert done.returncode == 0
