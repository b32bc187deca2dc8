"""Key pairs as somebody handles them: good ones, wrong ones, and nothing of a private half where it can be read."""

from __future__ import annotations

import copy
import logging
import pickle
import subprocess
import traceback

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa
from signs import ECDSA, RSA, RSA2

from cdnlab.errors import InputError, UnknownName
from cdnlab.keys import KeyPair, PublicKey

PEM, PLAIN = serialization.Encoding.PEM, serialization.NoEncryption()
FORMS = serialization.PrivateFormat
LOCKED = serialization.BestAvailableEncryption(b"open sesame")
RSA_KEY, ECDSA_KEY = RSA._key, ECDSA._key


def private(key, form=FORMS.PKCS8, lock=PLAIN):
    return key.private_bytes(PEM, form, lock).decode()


def public(key, form=serialization.PublicFormat.SubjectPublicKeyInfo):
    return key.public_key().public_bytes(PEM, form).decode()


@pytest.fixture(scope="module")
def others():
    """Keys that are keys, but none for CloudFront."""
    return {
        "RSA of 3072 bits": rsa.generate_private_key(65537, 3072),
        "P-384": ec.generate_private_key(ec.SECP384R1()),
        "secp256k1": ec.generate_private_key(ec.SECP256K1()),
        "Ed25519": ed25519.Ed25519PrivateKey.generate(),
        "DSA": dsa.generate_private_key(2048),
    }


@pytest.mark.rule("SIGN-26")
@pytest.mark.parametrize(("kind", "bits"), [("rsa", 2048), ("ecdsa", 256)])
def test_a_generated_key_pair_is_of_cloudfronts_kind(kind, bits):
    made = KeyPair.generate(kind)
    assert (made.kind, made.public_key.kind, made.public_key.bits, made.public_key.unusual) == (kind, kind, bits, "")
    assert made.public_pem.startswith("-----BEGIN PUBLIC KEY-----")
    assert PublicKey.from_pem(made.public_pem).verifies(made.sign(b"a"), b"a")
    assert KeyPair.generate(kind).public_pem != made.public_pem
    if kind == "ecdsa":
        assert isinstance(made._key.curve, ec.SECP256R1)


@pytest.mark.parametrize("kind", ["dsa", "RSA", "", None, 5, ["rsa"]])
def test_no_other_kind_can_be_generated(kind):
    with pytest.raises(UnknownName, match="kind of key"):
        KeyPair.generate(kind)


@pytest.mark.parametrize("name", ["", "rsa3", "../keys/test_rsa", None, ["rsa"]])
def test_there_are_three_test_keys(name):
    assert len({KeyPair.test(each).public_pem for each in ("rsa", "rsa2", "ecdsa")}) == 3
    assert KeyPair.test("rsa") is KeyPair.test("rsa")
    with pytest.raises(UnknownName, match="test key"):
        KeyPair.test(name)


@pytest.mark.parametrize(
    ("pem", "password"),
    [
        (private(RSA_KEY), None),
        (private(RSA_KEY), ""),
        (private(RSA_KEY, FORMS.TraditionalOpenSSL), None),
        (private(ECDSA_KEY), None),
        (private(ECDSA_KEY, FORMS.TraditionalOpenSSL), None),
        (private(RSA_KEY, lock=LOCKED), "open sesame"),
        (private(RSA_KEY, lock=LOCKED), b"open sesame"),
        (private(RSA_KEY, FORMS.TraditionalOpenSSL, LOCKED), "open sesame"),
        (private(ECDSA_KEY, FORMS.TraditionalOpenSSL, LOCKED), "open sesame"),
        (private(RSA_KEY).replace("\n", "\r\n"), None),
        ("\n\n" + private(RSA_KEY) + "\n\n", None),
        (private(RSA_KEY).rstrip("\n"), None),
    ],
    ids=lambda value: None,
)
def test_every_usual_form_of_a_private_key_is_read(pem, password):
    for text in (pem, pem.encode()):
        read = KeyPair.from_pem(text, password)
        assert read.public_pem == (RSA if read.kind == "rsa" else ECDSA).public_pem
        assert read.public_key.verifies(read.sign(b"a", "SHA256"), b"a", "SHA256")
        assert KeyPair.from_pem(read.private_pem()).public_pem == read.public_pem


@pytest.mark.rule("SIGN-26")
@pytest.mark.parametrize("bits", [1024, 4096])
def test_legacy_key_pairs_may_have_other_sizes(bits):
    key = rsa.generate_private_key(65537, bits)
    assert KeyPair.from_pem(private(key)).public_key.unusual == f"an RSA key of {bits} bits"
    assert PublicKey.from_pem(public(key)).bits == bits


@pytest.mark.rule("SIGN-26")
def test_other_keys_are_told_by_name(others):
    for name, key in others.items():
        for read, pem in ((KeyPair.from_pem, private(key)), (PublicKey.from_pem, public(key))):
            with pytest.raises(InputError, match=r"CloudFront takes an RSA key of 2048 bits or an ECDSA key on P-256") as caught:
                read(pem)
            told = {"RSA of 3072 bits": "3072 bits", "P-384": "secp384r1", "secp256k1": "secp256k1"}.get(name, "neither RSA nor ECDSA")
            assert told in str(caught.value)


WHOLE = private(RSA_KEY)


@pytest.mark.parametrize(
    ("pem", "password", "told"),
    [
        (public(RSA_KEY), None, "this is a public key"),
        (public(RSA_KEY, serialization.PublicFormat.PKCS1), None, "this is a public key"),
        (private(RSA_KEY, lock=LOCKED), None, "it is encrypted; give its password"),
        (private(RSA_KEY, lock=LOCKED), "", "it is encrypted; give its password"),
        (private(RSA_KEY, FORMS.TraditionalOpenSSL, LOCKED), None, "it is encrypted; give its password"),
        (private(RSA_KEY, lock=LOCKED), "wrong", "is the password right"),
        (private(RSA_KEY, FORMS.TraditionalOpenSSL, LOCKED), "wrong", "is the password right"),
        (private(RSA_KEY, lock=LOCKED), "\ud800", "is the password right"),
        (private(RSA_KEY, lock=LOCKED), 5, "the password is int"),
        (private(RSA_KEY, lock=LOCKED), ["open sesame"], "the password is list"),
        (WHOLE, "needless", "it is not encrypted"),
        (WHOLE[:800], None, "is it whole"),
        (WHOLE.replace("PRIVATE KEY", "PRIVATE KEYS"), None, "is it whole"),
        (WHOLE.replace("M", "Ü", 1), None, "characters that PEM does not know"),
        ("M\ud800" + WHOLE, None, "characters that PEM does not know"),
        (WHOLE.encode("utf-16"), None, "is it whole"),
        (WHOLE * 50, None, "less than 4,000"),
        (private(RSA_KEY, FORMS.OpenSSH), None, "cannot be read as a private key"),
        ("garbage", None, "cannot be read as a private key"),
        ("", None, "cannot be read as a private key"),
        (b"\x00" * 100, None, "cannot be read as a private key"),
        (b"\xff\xfe", None, "cannot be read as a private key"),
        (None, None, "the private key is NoneType"),
        (5, None, "the private key is int"),
        (RSA, None, "the private key is KeyPair"),
    ],
    ids=lambda value: None,
)
def test_what_is_no_usable_private_key_is_told_by_name_and_never_repeated(pem, password, told):
    with pytest.raises(InputError, match=told) as caught:
        KeyPair.from_pem(pem, password)
    no_secrets(caught.value)


@pytest.mark.parametrize(
    ("pem", "told"),
    [
        (WHOLE, "is a private key; keep it to yourself"),
        (private(RSA_KEY, FORMS.TraditionalOpenSSL), "is a private key"),
        (private(ECDSA_KEY, FORMS.TraditionalOpenSSL), "is a private key"),
        (private(RSA_KEY, lock=LOCKED), "is a private key"),
        (private(RSA_KEY, FORMS.OpenSSH), "is a private key"),
        (public(RSA_KEY)[:200], "cannot be read as a public key"),
        (public(RSA_KEY).replace("M", "é", 1), "characters that PEM does not know"),
        (WHOLE.replace("M", "é", 1), "characters that PEM does not know"),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "cannot be read as a public key"),
        ("", "cannot be read as a public key"),
        (None, "key K1 is NoneType"),
        (7, "key K1 is int"),
        ({"pem": "x"}, "key K1 is dict"),
    ],
    ids=lambda value: None,
)
def test_what_is_no_usable_public_key_is_told_by_name_and_never_repeated(pem, told):
    with pytest.raises(InputError, match=told) as caught:
        PublicKey.from_pem(pem, "key K1")
    no_secrets(caught.value)


def no_secrets(error):
    """Nothing of a private key is in an error, in the errors before it, or in what they hold."""
    seen, texts = error, []
    while seen is not None:
        texts += [str(seen), repr(seen), repr(vars(seen)), *map(repr, seen.args)]
        seen = seen.__cause__ or seen.__context__
    texts.append("".join(traceback.format_exception(error)))
    lines = [line for key in (RSA_KEY, ECDSA_KEY) for form in FORMS_WITH_LINES for line in private(key, form).splitlines()[1:-1]]
    for text in texts:
        assert not [line for line in lines if line[:16] in text]
        assert "open sesame" not in text


FORMS_WITH_LINES = (FORMS.PKCS8, FORMS.TraditionalOpenSSL)


@pytest.mark.parametrize("pair", [RSA, ECDSA], ids=["rsa", "ecdsa"])
def test_the_private_half_is_never_shown(pair, caplog):
    secret = [line[:16] for form in FORMS_WITH_LINES for line in private(pair._key, form).splitlines()[1:-1]]
    numbers = pair._key.private_numbers()
    secret.append(str(numbers.d if pair.kind == "rsa" else numbers.private_value)[:16])
    with caplog.at_level(logging.DEBUG):
        logging.getLogger().debug("%s %r", pair, pair)
    shown = [repr(pair), str(pair), f"{pair}", repr([pair]), repr(copy.copy(pair)), repr(pair.public_key), caplog.text]
    assert not [text for text in shown for each in secret if each in text]
    assert "private half not shown" in repr(pair)
    assert not hasattr(pair, "__dict__")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError) as caught:
            pickle.dumps(pair, protocol)
        assert not [each for each in secret if each in str(caught.value)]
    assert all(each in pair.private_pem() for each in [line[:16] for line in private(pair._key).splitlines()[1:-1]])


@pytest.mark.rule("SIGN-11")
@pytest.mark.parametrize("hash", ["SHA1", "SHA256"])
@pytest.mark.parametrize("pair", [RSA, ECDSA], ids=["rsa", "ecdsa"])
def test_a_signature_holds_for_its_key_text_and_hash_only(pair, hash):
    signature = pair.sign(b"text", hash)
    assert pair.public_key.verifies(signature, b"text", hash)
    assert not pair.public_key.verifies(signature, b"texT", hash)
    assert not pair.public_key.verifies(signature, b"text", "SHA256" if hash == "SHA1" else "SHA1")
    assert not RSA2.public_key.verifies(signature, b"text", hash)
    for other in (b"", signature[:-1], signature + b"\0", b"\0" * len(signature), signature[::-1], b"\xff" * 5000):
        assert not pair.public_key.verifies(other, b"text", hash)
    assert (pair.sign(b"text", hash) == signature) is (pair.kind == "rsa")


@pytest.mark.rule("SIGN-11")
def test_signatures_of_other_schemes_do_not_hold():
    for hash in (hashes.SHA1(), hashes.SHA256()):
        name = "SHA1" if hash.name == "sha1" else "SHA256"
        pss = RSA_KEY.sign(b"text", padding.PSS(padding.MGF1(hash), padding.PSS.DIGEST_LENGTH), hash)
        assert not RSA.public_key.verifies(pss, b"text", name)
        der = ECDSA.sign(b"text", name)
        length = der[3]
        r, s = der[4 : 4 + length], der[6 + length :]
        raw = r[-32:].rjust(32, b"\0") + s[-32:].rjust(32, b"\0")  # as WebCrypto and JWT write it
        assert ECDSA.public_key.verifies(der, b"text", name) and der[0] == 0x30
        assert not ECDSA.public_key.verifies(raw, b"text", name)


@pytest.mark.parametrize("hash", ["MD5", "sha1", "SHA-256", "", None])
def test_another_hash_is_told_by_name(hash):
    for call in (lambda: RSA.sign(b"a", hash), lambda: RSA.public_key.verifies(b"a", b"a", hash)):
        with pytest.raises(UnknownName, match="hash algorithm"):
            call()


@pytest.mark.rule("SIGN-11")
@pytest.mark.parametrize("hash", ["SHA1", "SHA256"])
@pytest.mark.parametrize("name", ["rsa", "ecdsa"])
def test_openssl_verifies_what_cdnlab_signs_and_the_other_way_round(name, hash, needs, tmp_path):
    openssl, pair = needs("openssl"), KeyPair.test(name)
    text, signature, public_key, private_key = (tmp_path / each for each in ("text", "signature", "public.pem", "private.pem"))
    text.write_bytes(b'{"Statement":[]}')
    public_key.write_text(pair.public_pem)
    private_key.write_text(pair.private_pem())
    signature.write_bytes(pair.sign(text.read_bytes(), hash))
    verify = [openssl, "dgst", f"-{hash.lower()}", "-verify", public_key, "-signature", signature, text]
    assert b"Verified OK" in subprocess.run(verify, capture_output=True, check=True).stdout
    subprocess.run([openssl, "dgst", f"-{hash.lower()}", "-sign", private_key, "-out", signature, text], check=True)
    assert pair.public_key.verifies(signature.read_bytes(), text.read_bytes(), hash)
    if name == "rsa":
        assert signature.read_bytes() == pair.sign(text.read_bytes(), hash)


def test_a_key_that_openssl_made_is_read(needs, tmp_path):
    openssl, path = needs("openssl"), tmp_path / "key.pem"
    for command in (["genrsa", "-out", path, "2048"], ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path]):
        subprocess.run([openssl, *command], check=True, capture_output=True)
        asked = [openssl, "pkey", "-in", path, "-pubout"]
        told = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
        assert KeyPair.from_pem(path.read_text()).public_pem == told
        assert PublicKey.from_pem(told).pem == told


@pytest.mark.parametrize("wrong", ["text", None, 5, ["text"]])
def test_what_is_not_bytes_is_told_by_name(wrong):
    for attempt in (
        lambda: RSA.sign(wrong),
        lambda: ECDSA.public_key.verifies(wrong, b"text"),
        lambda: RSA.public_key.verifies(b"x", wrong),
    ):
        with pytest.raises(InputError, match="give bytes"):
            attempt()
