"""What happens to rows that break a contract."""

from fti_assets.contracts.errors import DeclarationError, unknown

ON_INVALID = ("fail", "quarantine")


def check_on_invalid(what: str, on_invalid: str, invalid_up_to: float) -> None:
    """Raise DeclarationError, beginning with `what`, unless rows fail their batch or up to a share are set aside."""
    if on_invalid not in ON_INVALID:
        raise DeclarationError(f"{what}: {unknown('on_invalid', str(on_invalid), ON_INVALID)}")
    if not 0 < invalid_up_to < 1:
        raise DeclarationError(f"{what}: invalid_up_to={invalid_up_to!r}: expected a share between 0 and 1")
