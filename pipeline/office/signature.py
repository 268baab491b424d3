"""Signs a delivered report electronically (PAdES B-B).

The signature is an incremental update: the signed file begins with the proved one, byte for byte. It is a certification
signature that permits no changes, so that PDF readers report later additions as well as alterations.

Nothing is fetched, neither time stamps nor revocation lists: office machines have no internet access. pyHanko, which
signs, is an optional dependency and is imported late.
"""

import asyncio
import getpass
import io
import os
import warnings
import zlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.delivery.delivery import check_out
from pipeline.delivery.files import replace_file
from pipeline.errors import LackError, ProofError, UsageError
from pipeline.reading import MOST_BYTES, UnreadableError, read_file

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.signers import SimpleSigner

PASSPHRASE_VARIABLE = "KYODO_PASSPHRASE"

# Size limits: a key with its certificates takes a few kilobytes, a passphrase one line.
MAX_KEY_BYTES = 1024 * 1024
MAX_PASSPHRASE_BYTES = 1024

# The name of the signature field that screen readers announce.
TOOLTIP = "電子署名"
_FIELD = "signature"

# What pyHanko raises, beside its own errors, for a file that it cannot read.
_RAISED_BY_PYHANKO = (
    zlib.error,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    AssertionError,
    RecursionError,
)

# Minimum key lengths in bits. Shorter keys can be broken, and PDF readers reject them.
_SMALLEST_RSA, _SMALLEST_CURVE = 2048, 256


def sign_report(report: Path, key: Path, passphrase_file: Path | None, moment: datetime) -> Path:
    """Sign the delivered `report` with the PKCS#12 file `key`; returns the path of the signed file, in the same folder.

    The passphrase is read last, when nothing else is missing. Raises `PipelineError`; then a former signed file stays
    as it was.
    """
    check_out(report)
    _require_pyhanko()
    pdf = _read(report, "一覧のPDF", MOST_BYTES, f"先に make report EDITION={report.parent.name} で作ってください。")
    container = _read(key, "鍵のファイル", MAX_KEY_BYTES, "PKCS#12(.p12、.pfx)の場所を確かめてください。")
    signed = sign(pdf, container, read_passphrase(passphrase_file), moment)
    path = report.with_name(f"{report.stem}-signed.pdf")
    replace_file(path, signed)
    return path


def sign(pdf: bytes, key: bytes, passphrase: bytes, moment: datetime) -> bytes:
    """`pdf` signed with `key` (the content of a PKCS#12 file); `moment`, with a time zone, is the claimed signing time.

    Raises `UsageError` if the key cannot sign at that time, or the PDF is not one of ours; `ProofError` if the signature
    does not verify.
    """
    assert moment.tzinfo is not None
    signer = _signer(key, passphrase, moment)
    writer = _writer(pdf)
    signed = _write(writer, signer, moment)
    _prove(signed, pdf)
    return signed


def read_passphrase(file: Path | None) -> bytes:
    """The passphrase from `file`, the environment or a prompt; not from the command line, which other users can see."""
    if file is not None:
        data = _read(file, "パスワードのファイル", MAX_PASSPHRASE_BYTES, "PASSPHRASE_FILE の指定を確かめてください。")
        # Remove only the last line end, which editors add; others belong to the passphrase.
        return data.removesuffix(b"\n").removesuffix(b"\r")
    if PASSPHRASE_VARIABLE in os.environ:
        return os.fsencode(os.environ[PASSPHRASE_VARIABLE])
    try:
        with warnings.catch_warnings():
            # Without a terminal, getpass warns and then reads with echo: turn the warning into an error.
            warnings.simplefilter("error", getpass.GetPassWarning)
            return os.fsencode(getpass.getpass("署名の鍵のパスワード(入力しても表示されません): "))
    except (getpass.GetPassWarning, EOFError):
        raise UsageError(
            "パスワードを尋ねられませんでした。"
            f"ターミナルで実行するか、PASSPHRASE_FILE でパスワードのファイルを指定するか、環境変数 {PASSPHRASE_VARIABLE} に入れてください。"
        ) from None


def _read(path: Path, what: str, most: int, fix: str) -> bytes:
    """The content of the file at `path`. Raises `UsageError`, which calls the file `what` and ends with `fix`."""
    try:
        return read_file(path, most).data
    except UnreadableError as error:
        other = "別のファイルではありませんか。" if error.is_too_large else ""
        raise UsageError(f"{what}「{path}」: {error}{other}{fix}") from None


def _require_pyhanko() -> None:
    try:
        import pyhanko.sign.signers  # noqa: F401
    except ImportError as error:
        raise LackError(
            f"電子署名に使う部品(pyHanko)がありません({error.name})。次のコマンドで入れてください: make setup-sign"
        ) from None


# The key


def _signer(key: bytes, passphrase: bytes, moment: datetime) -> "SimpleSigner":
    """pyHanko's signer for `key`. Raises `UsageError` for a key whose signatures PDF readers would reject."""
    from pyhanko.sign.signers import SimpleSigner

    with warnings.catch_warnings():
        # cryptography warns, in English, of files with BER instead of DER, which some programs write. It reads them.
        warnings.simplefilter("ignore", UserWarning)
        _check_certificate(_certificate(key, passphrase), moment)
        # Load the key a second time, since pyHanko needs the certificate chain for the signature.
        signer: SimpleSigner = SimpleSigner.load_pkcs12_data(key, [], passphrase)
    return signer


def _certificate(key: bytes, passphrase: bytes) -> "Certificate":
    """The certificate of `key`. Raises `UsageError` if it is not PKCS#12 with a key, or the passphrase is wrong."""
    from asn1crypto.pkcs12 import Pfx  # type: ignore[import-untyped]
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import pkcs12

    # Check the unencrypted outer structure first: below, a wrong passphrase and a wrong file raise the same exception.
    try:
        shell = Pfx.load(key, strict=True)
        is_container = shell["version"].native == "v3" and shell["auth_safe"]["content_type"].native == "data"
    except (ValueError, TypeError):
        is_container = False
    if not is_container:
        raise UsageError(
            "鍵のファイルが、鍵と証明書を収めたPKCS#12(.p12、.pfx)ではありません。"
            "証明書だけのファイル(.cer、.pem)ではないか確かめ、秘密鍵とともに書き出し直してください。"
        )
    wrong = UsageError(
        "鍵のファイルを開けません。パスワードが違います(ファイルが壊れていることもあります)。もう一度確かめてください。"
    )
    # cryptography panics at a NUL byte, and raises TypeError if the passphrase is not UTF-8.
    if b"\0" in passphrase or not _is_utf8(passphrase):
        raise wrong
    try:
        content = pkcs12.load_pkcs12(key, passphrase)
    except UnsupportedAlgorithm:
        raise UsageError(
            "鍵のファイルが、現在は使われていない古い方式で暗号化されています。AES-256で書き出し直してください。"
        ) from None
    except ValueError:
        raise wrong from None
    if content.key is None or content.cert is None:
        raise UsageError(
            "鍵のファイルに、秘密鍵とその証明書がそろっていません。秘密鍵と証明書を一つのファイルに書き出し直してください。"
        )
    return content.cert.certificate


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _check_certificate(certificate: "Certificate", moment: datetime) -> None:
    """Raises `UsageError` if PDF readers would reject a signature with `certificate` made at `moment`."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    public = certificate.public_key()
    if not (
        (isinstance(public, rsa.RSAPublicKey) and public.key_size >= _SMALLEST_RSA)
        or (isinstance(public, ec.EllipticCurvePublicKey) and public.key_size >= _SMALLEST_CURVE)
    ):
        raise UsageError(
            "この鍵の方式か長さでは、PDFに署名できません。"
            f"RSA({_SMALLEST_RSA}ビット以上)か楕円曲線(ECDSA、{_SMALLEST_CURVE}ビット以上)の鍵を使ってください。"
        )
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        usage = None  # without the extension any use is allowed (RFC 5280, 4.2.1.3)
    except ValueError as error:
        raise UsageError(f"証明書を読めません({error})。発行元に確かめ、発行し直した証明書を使ってください。") from None
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        raise UsageError(
            "この証明書の用途(Key Usage)に署名がありません。"
            "暗号化用や認証局用ではなく、文書への署名用に発行された証明書を使ってください。"
        )
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if moment < begin:
        raise UsageError(
            f"この証明書はまだ有効ではありません({_local(begin, moment)}から)。"
            "その日まで待つか、現在有効な証明書を使ってください。パソコンの時計も確かめてください。"
        )
    if moment > end:
        raise UsageError(f"この証明書は有効期限({_local(end, moment)})が切れています。更新した証明書を使ってください。")


def _local(time: datetime, moment: datetime) -> str:
    """`time` in the time zone of `moment`."""
    return f"{time.astimezone(moment.tzinfo):%Y-%m-%d %H:%M}"


# The document


def _writer(pdf: bytes) -> "IncrementalPdfFileWriter":
    """A writer for an incremental update of `pdf`, except metadata. Raises `UsageError` if it is not one of ours."""
    from pyhanko.pdf_utils.generic import ArrayObject
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.misc import PdfError

    class Writer(IncrementalPdfFileWriter):
        """Does not update title, dates and XMP: they were proved, and describe the document, not its signature."""

        def _update_meta(self) -> None:
            pass

    try:
        writer = Writer(io.BytesIO(pdf))
        has_form = "/AcroForm" in writer.root
        tree = writer.root["/StructTreeRoot"]
        # The arrays to which `_tag` appends.
        arrays = tree["/K"], tree["/K"][0]["/K"], tree["/ParentTree"]["/Nums"]
        is_ours = all(isinstance(array, ArrayObject) for array in arrays) and "/ParentTreeNextKey" in tree
    except (PdfError, *_RAISED_BY_PYHANKO):
        is_ours = has_form = False
    if has_form:
        raise UsageError("このPDFには、既に署名か入力欄があります。make report で作ったままのPDFに署名してください。")
    if not is_ours:
        raise UsageError("署名するPDFを読めません。make report で作り直し、そのままのPDFに署名してください。")
    return writer


def _write(writer: "IncrementalPdfFileWriter", signer: "SimpleSigner", moment: datetime) -> bytes:
    """The signed file. pyHanko's steps: write the field, write a placeholder, fill in the signature."""
    from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
    from pyhanko.sign.signers import SignatureObject
    from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
    from pyhanko.sign.signers.constants import ESIC_EXTENSION_1
    from pyhanko.sign.signers.pdf_cms import select_suitable_signing_md

    assert signer.signing_cert is not None
    hash_name = select_suitable_signing_md(signer.signing_cert.public_key)

    def signature(digest: bytes) -> bytes:
        data: bytes = asyncio.run(signer.async_sign(digest, hash_name, use_pades=True)).dump()
        return data

    # An invisible field on the last page, so that the pages look as before.
    field = SigFieldSpec(_FIELD, on_page=-1, readable_field_name=TOOLTIP)
    protocol = PdfCMSEmbedder(field).write_cms(_FIELD, writer)
    _tag(writer, next(protocol))
    # In PDF 1.7, PAdES is an extension that the catalog must declare (ETSI EN 319 142-1, annex A).
    writer.register_extension(ESIC_EXTENSION_1)
    placeholder = SignatureObject(
        timestamp=moment,
        subfilter=SigSeedSubFilter.PADES,
        # In hexadecimal digits, with a margin: the length of ECDSA signatures varies by some bytes.
        bytes_reserved=2 * (len(signature(bytes(64))) + 64),
    )
    sealed = SigMDPSetup(hash_name, certify=True, docmdp_perms=MDPPerm.NO_CHANGES)
    protocol.send(SigObjSetup(placeholder, mdp_setup=sealed))
    prepared, output = protocol.send(SigIOSetup(hash_name))
    protocol.send(signature(prepared.document_digest))
    data: bytes = output.getvalue()
    return data


def _tag(writer: "IncrementalPdfFileWriter", field: Any) -> None:
    """Append the signature field to the structure tree as a Form element (ISO 14289-1, 7.18.4)."""
    from pyhanko.pdf_utils import generic

    new: Any = generic  # its constructors are untyped
    tree = writer.root["/StructTreeRoot"]
    parents = tree["/ParentTree"]["/Nums"]
    number = int(tree["/ParentTreeNextKey"])
    document_reference = tree["/K"].raw_get(0)
    document = document_reference.get_object()
    widget = field.get_object()
    reference = {"/Type": new.pdf_name("/OBJR"), "/Pg": widget.raw_get("/P"), "/Obj": field}
    element = writer.add_object(
        new.DictionaryObject(
            {
                "/Type": new.pdf_name("/StructElem"),
                "/S": new.pdf_name("/Form"),
                "/P": document_reference,
                "/K": new.ArrayObject([new.DictionaryObject(reference)]),
            }
        )
    )
    document["/K"].append(element)
    parents += [new.NumberObject(number), element]
    tree["/ParentTreeNextKey"] = new.NumberObject(number + 1)
    widget["/StructParent"] = new.NumberObject(number)
    for changed in (document["/K"], parents, tree):
        writer.update_container(changed)


def _prove(signed: bytes, pdf: bytes) -> None:
    """Raises `ProofError` unless `signed` begins with `pdf`, and its signature is valid and covers the whole file."""
    if not _is_signature_of(signed, pdf):
        raise ProofError("検査で、署名がファイルと合いませんでした。署名したPDFは書き出していません。")


def is_signed(data: bytes, pdf: bytes) -> bool:
    """Whether the file `data` of somebody else begins with `pdf`, and has one signature, valid for the whole file.

    Raises `LackError` without pyHanko.
    """
    _require_pyhanko()
    from pyhanko.pdf_utils.misc import PdfError

    try:
        return _is_signature_of(data, pdf)
    except (PdfError, *_RAISED_BY_PYHANKO):
        return False


def _is_signature_of(signed: bytes, pdf: bytes) -> bool:
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation.generic_cms import validate_sig_integrity
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    (signature,) = PdfFileReader(io.BytesIO(signed)).embedded_signatures
    signature.compute_integrity_info()
    # Trust in the certificate chain is for the recipient to decide, so it is not checked here.
    intact, valid = validate_sig_integrity(
        signature.signer_info, signature.signer_cert, "data", signature.compute_digest()
    )
    whole = signature.coverage is SignatureCoverageLevel.ENTIRE_FILE
    return bool(signed.startswith(pdf) and intact and valid and whole)
