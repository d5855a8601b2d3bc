"""Small files of text that people may edit, such as the settings of other programs."""

from pathlib import Path

from fti_assets.stores.synced_files import create, replace


def kept_text(path: Path, text: str) -> str:
    """The file's text; a file that is absent is made with `text`, by one of those who ask for it at once."""
    if not path.exists():
        create(path, text.encode())
    return path.read_text(encoding="utf-8")


def replace_text(path: Path, text: str) -> None:
    """Exchange the file's text in one step."""
    replace(path, text.encode())
