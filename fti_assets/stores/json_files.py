"""Files of one JSON value each: read whole or not at all, written in one step."""

import json
from pathlib import Path
from typing import Any

from fti_assets.contracts.errors import Corrupt
from fti_assets.stores.synced_files import replace


def read_json(path: Path, absent: Any = None) -> Any:
    """The file's value, or `absent` when there is no file. Corrupt, naming the file, when it is not whole JSON."""
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return absent
    except ValueError as error:
        raise Corrupt(f"{path}: expected JSON ({error})") from None


def write_json(path: Path, value: Any) -> bool:
    """Write the value and wait until it is on the disk; false, with nothing done, when the file holds just that.

    A reader sees the file as it was or as it is now, and of writers at once the last one's.
    """
    content = json.dumps(value, indent=1, ensure_ascii=False).encode()
    if path.exists() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(path, content)
    return True
