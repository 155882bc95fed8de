"""A file that is no bundle is refused in a sentence."""

import zipfile

import pytest

from core.errors import UserError
from core.export import bundle_zip


@pytest.mark.parametrize(
    "content, sentence",
    [
        (None, "There is no file"),
        (b"PK no more", "is not a zip file"),
        ({"a.txt": b""}, "config.json is missing"),
    ],
)
def test_a_file_that_is_no_bundle_is_one_sentence(tmp_path, content, sentence):
    path = tmp_path / "b.zip"
    if isinstance(content, dict):
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in content.items():
                archive.writestr(name, data)
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=sentence):
        bundle_zip.Bundle(path)
