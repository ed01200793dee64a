"""Secrets at rest, and the change of the keys they are kept with."""

import pytest
from cryptography.fernet import Fernet, InvalidToken

from backoffice.crypto import EncryptedTextField, decrypt, encrypt

SECRET = "demo-private-key ø"
OLD_KEY, NEW_KEY = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_a_secret_reads_back_and_shows_nothing_at_rest():
    at_rest = encrypt(SECRET)

    assert "demo" not in at_rest
    assert decrypt(at_rest) == SECRET
    assert encrypt(SECRET) != at_rest


def test_after_a_new_key_old_secrets_open_and_new_ones_need_the_new_key(settings):
    settings.FIELD_ENCRYPTION_KEYS = [OLD_KEY]
    kept = encrypt(SECRET)

    settings.FIELD_ENCRYPTION_KEYS = [NEW_KEY, OLD_KEY]
    assert decrypt(kept) == SECRET
    kept_anew = encrypt(decrypt(kept))

    settings.FIELD_ENCRYPTION_KEYS = [NEW_KEY]
    assert decrypt(kept_anew) == SECRET
    with pytest.raises(InvalidToken):
        decrypt(kept)


def test_a_secret_that_was_tampered_with_does_not_open():
    at_rest = encrypt(SECRET)
    middle = len(at_rest) // 2
    tampered = at_rest[:middle] + ("A" if at_rest[middle] != "A" else "B") + at_rest[middle + 1 :]

    with pytest.raises(InvalidToken):
        decrypt(tampered)


def test_the_field_encrypts_on_the_way_in_and_decrypts_on_the_way_out():
    field = EncryptedTextField()

    stored = field.get_prep_value(SECRET)

    assert stored != SECRET
    assert field.from_db_value(stored, None, None) == SECRET
    # Nothing is not a secret: an empty field stays recognisably empty.
    assert [field.get_prep_value(""), field.from_db_value("", None, None), field.get_prep_value(None)] == ["", "", None]
