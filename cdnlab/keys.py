"""Key pairs: the private half signs, the public half verifies.

CloudFront takes RSA keys of 2,048 bits and ECDSA keys on the curve P-256. The public half is uploaded and gets an id
(`K...`); ids are collected in key groups, and a behaviour trusts groups. The private half never leaves its owner: cdnlab
signs with it and never shows it. RSA signatures are PKCS #1 v1.5, ECDSA signatures are in DER; either kind is over
SHA-1 (when nothing is said) or SHA-256. All cryptography is the library `cryptography`'s.

Accounts made before key groups have key pairs of their own (`APKA...`); those may be RSA keys of 1,024 or 4,096 bits.
(Sources: private-content-trusted-signers, PublicKeyConfig.)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Self

from cdnlab.errors import InputError, UnknownName
from cdnlab.facts import data_path

__all__ = ["HASHES", "KeyPair", "PublicKey"]

HASHES = ("SHA1", "SHA256")
_TEST_KEYS = ("rsa", "rsa2", "ecdsa")
_WANTED = "an RSA key of 2048 bits or an ECDSA key on P-256"
_DIGEST_INFO = {  # what stands before the digest in an RSA signature (RFC 8017 section 9.2)
    "SHA1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "SHA256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "SHA384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "SHA512": bytes.fromhex("3051300d060960864801650304020305000440"),
    "MD5": bytes.fromhex("3020300c06082a864886f70d020505000410"),
}


class PublicKey:
    """The public half of a key pair: `kind` (rsa or ecdsa), `bits`, `verifies`.

    Made by `from_pem`.

    >>> key = PublicKey.from_pem(KeyPair.test("rsa").public_pem)
    >>> key.verifies(KeyPair.test("rsa").sign(b"text"), b"text"), key.verifies(b"", b"text")
    (True, False)
    """

    __slots__ = ("_invalid", "_key", "_schemes", "bits", "kind", "pem")

    def __init__(self, key: Any) -> None:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

        self._key, self._invalid = key, InvalidSignature
        self.kind: Literal["rsa", "ecdsa"] = "rsa" if isinstance(key, rsa.RSAPublicKey) else "ecdsa"
        self.bits: int = key.key_size
        self.pem: str = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
        self._schemes: dict[str, tuple[Any, ...]] = {
            name: (padding.PKCS1v15(), hash) if self.kind == "rsa" else (ec.ECDSA(hash),)
            for name, hash in zip(HASHES, (hashes.SHA1(), hashes.SHA256()), strict=True)  # noqa: S303 (CloudFront's default)
        }

    @classmethod
    def from_pem(cls, pem: str | bytes, where: str = "the public key") -> PublicKey:
        """Read a public key from its PEM text (`-----BEGIN PUBLIC KEY-----`). `where`: what an error calls it.

        Raises InputError, which never repeats what was given: it might be a private key.
        """
        if not isinstance(pem, str | bytes):
            raise InputError(f"{where} is {type(pem).__name__}; give the PEM text of {_WANTED}")
        return _public_key(_text(pem, where), where)

    @property
    def unusual(self) -> str:
        """What CloudFront would say against this key as a new public key; "" for one that it takes."""
        return "" if self.kind == "ecdsa" or self.bits == 2048 else f"an RSA key of {self.bits} bits"

    def verifies(self, signature: bytes, message: bytes, hash_algorithm: str = "SHA1") -> bool:
        """Whether this signature was made over exactly these bytes with the private half. Never raises for a bad signature.

        Raises UnknownName for another hash algorithm than SHA1 and SHA256, InputError for what is not bytes.
        """
        if hash_algorithm not in HASHES:
            raise UnknownName("hash algorithm", hash_algorithm, HASHES)
        try:
            self._key.verify(signature, message, *self._schemes[hash_algorithm])
        except self._invalid:
            return False
        except TypeError:
            raise _not_bytes(signature=signature, message=message) from None
        return True

    def signed_digest(self, signature: bytes) -> tuple[str, bytes] | None:
        """What an RSA signature of this key (PKCS #1 v1.5) was made over: the hash's name and the digest.

        The name is "" when the signature wraps plain bytes. None: it is another key's or another scheme's, or the key is ECDSA, whose
        signatures do not tell. Nothing is proved by it; that is for `verifies`.

        >>> KeyPair.test("rsa").public_key.signed_digest(KeyPair.test("rsa").sign(b"text"))[0]
        'SHA1'
        """
        if self.kind != "rsa":
            return None
        try:
            found: bytes = self._key.recover_data_from_signature(signature, self._schemes["SHA1"][0], None)
        except self._invalid:
            return None
        for name, prefix in _DIGEST_INFO.items():
            if found.startswith(prefix):
                return name, found[len(prefix) :]
        return "", found

    def verifies_pss(self, signature: bytes, message: bytes) -> bool:
        """Whether this is an RSA-PSS signature over these bytes, which CloudFront does not know."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        if self.kind != "rsa":
            return False
        for hash in (hashes.SHA256(), hashes.SHA1()):  # noqa: S303
            try:
                self._key.verify(signature, message, padding.PSS(padding.MGF1(hash), padding.PSS.AUTO), hash)
                return True
            except self._invalid:
                continue
        return False

    def __repr__(self) -> str:
        return f"PublicKey({self.kind}, {self.bits} bits)"


class KeyPair:
    """A key pair that signs: `public_key`, `public_pem`. The private half is not shown, only written by `private_pem`.

    Make one with `generate`, `from_pem` or `test`.

    >>> KeyPair.test("ecdsa")
    KeyPair(ecdsa, 256 bits, private half not shown)
    """

    __slots__ = ("_key", "_schemes", "public_key")

    def __init__(self, key: Any) -> None:
        self._key = key
        self.public_key = PublicKey(key.public_key())
        self._schemes = self.public_key._schemes

    @classmethod
    def generate(cls, kind: Literal["rsa", "ecdsa"] = "rsa") -> Self:
        """A new key pair, from the operating system's randomness. Raises UnknownName for another kind."""
        from cryptography.hazmat.primitives.asymmetric import ec, rsa

        makers: dict[str, Callable[[], Any]] = {
            "rsa": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
            "ecdsa": lambda: ec.generate_private_key(ec.SECP256R1()),
        }
        if kind not in list(makers):
            raise UnknownName("kind of key", kind, makers)
        return cls(makers[kind]())

    @classmethod
    def from_pem(cls, pem: str | bytes, password: str | bytes | None = None) -> Self:
        """Read a private key from its PEM text (PKCS #8, PKCS #1 or SEC 1). `password`: if it is encrypted. Raises InputError.

        The error never repeats what was given.
        """
        if not isinstance(pem, str | bytes):
            raise InputError(f"the private key is {type(pem).__name__}; give its PEM text")
        return cls(_private_key(_text(pem, "the private key"), password))

    @classmethod
    def test(cls, name: Literal["rsa", "rsa2", "ecdsa"] = "rsa") -> KeyPair:
        """One of the three TEST keys in `data/keys/`: everybody has them, so what they sign proves nothing. Raises UnknownName."""
        if name not in _TEST_KEYS:
            raise UnknownName("test key", name, _TEST_KEYS)
        return _test_key(name)

    @property
    def public_pem(self) -> str:
        """The PEM text of the public half, as `create_public_key` wants it in EncodedKey."""
        return self.public_key.pem

    @property
    def kind(self) -> Literal["rsa", "ecdsa"]:
        """rsa or ecdsa."""
        return self.public_key.kind

    def private_pem(self) -> str:
        """The PEM text of the private half (PKCS #8, not encrypted). Keep it to yourself."""
        from cryptography.hazmat.primitives import serialization as form

        return str(self._key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()).decode())

    def sign(self, message: bytes, hash_algorithm: str = "SHA1") -> bytes:
        """The signature over exactly these bytes. ECDSA's differs every time, RSA's never.

        Raises UnknownName for another hash algorithm than SHA1 and SHA256, InputError for what is not bytes.
        """
        if hash_algorithm not in HASHES:
            raise UnknownName("hash algorithm", hash_algorithm, HASHES)
        try:
            signature: bytes = self._key.sign(message, *self._schemes[hash_algorithm])
        except TypeError:
            raise _not_bytes(message=message) from None
        return signature

    def __repr__(self) -> str:
        return f"KeyPair({self.kind}, {self.public_key.bits} bits, private half not shown)"


def _not_bytes(**given: object) -> InputError:
    kinds = ", ".join(f"{name} is {type(value).__name__}" for name, value in given.items() if not isinstance(value, bytes))
    return InputError(f"{kinds}; give bytes, such as text.encode()")


def _text(pem: str | bytes, where: str) -> bytes:
    if isinstance(pem, str) and not pem.isascii():
        raise InputError(f"{where} is not PEM text: it has characters that PEM does not know")
    if len(pem) > 65536:
        raise InputError(f"{where} has {len(pem):,} bytes; a key in PEM has less than 4,000")
    return pem.encode("ascii") if isinstance(pem, str) else pem


@lru_cache(maxsize=1024)
def _public_key(pem: bytes, where: str) -> PublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    if b"PRIVATE KEY" in pem:
        raise InputError(f"{where} is a private key; keep it to yourself and give the public half: -----BEGIN PUBLIC KEY----- ...")
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InputError(f"{where} cannot be read as a public key in PEM; give -----BEGIN PUBLIC KEY----- ...") from None
    return PublicKey(_known(key, where))


def _private_key(pem: bytes, password: str | bytes | None) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    if b"PUBLIC KEY" in pem:
        raise InputError("this is a public key; to sign, give the private half")
    if not isinstance(password, str | bytes | None):
        raise InputError(f"the password is {type(password).__name__}; give text or bytes")
    secret = (password.encode("utf-8", "surrogatepass") if isinstance(password, str) else password) or None
    try:
        key = serialization.load_pem_private_key(pem, secret)
    except TypeError:
        needed = "it is encrypted; give its password" if secret is None else "it is not encrypted; leave the password out"
        raise InputError(f"the private key cannot be read: {needed}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise InputError("this cannot be read as a private key in PEM; is it whole, and is the password right?") from None
    return _known(key, "the private key")


def _known(key: Any, where: str) -> Any:
    """The key, if CloudFront knows its kind."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey) and key.key_size in (1024, 2048, 4096):
        return key
    if isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        if isinstance(key.curve, ec.SECP256R1):
            return key
        raise InputError(f"{where} is an ECDSA key on the curve {key.curve.name}; CloudFront takes {_WANTED}")
    kind = f"an RSA key of {key.key_size} bits" if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey) else "neither RSA nor ECDSA"
    raise InputError(f"{where} is {kind}; CloudFront takes {_WANTED}")


@lru_cache(maxsize=8)
def _test_key(name: str) -> KeyPair:
    return KeyPair.from_pem(Path(data_path("keys", f"test_{name}.pem")).read_bytes())
