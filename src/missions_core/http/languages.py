"""Which of a catalog's texts a player reads: `lang` in the query, then Accept-Language, then English, then whatever there is."""

from collections.abc import Mapping, Sequence

FALLBACK = "en"
MOST_LANGUAGES = 10  # a header with more preferences than this is not a person's


def preferred(lang: str | None, accept_language: str | None) -> list[str]:
    """Language tags, most wanted first, each followed by its primary language (`de-AT`, `de`)."""
    wanted = [lang] if lang else []
    wanted += _by_quality(accept_language or "")
    tags: list[str] = []
    for tag in wanted:
        lowered = tag.strip().lower()
        tags += [lowered, lowered.split("-")[0]]
    return tags


def localised(texts: Mapping[str, str], languages: Sequence[str]) -> str:
    """The text in the first language there is one for."""
    by_tag = {tag.lower(): text for tag, text in texts.items()}
    for tag in (*languages, FALLBACK):
        if tag in by_tag:
            return by_tag[tag]
    return next(iter(by_tag.values()), "")


def _by_quality(header: str) -> list[str]:
    ranges = [entry.split(";") for entry in header.split(",")[:MOST_LANGUAGES]]
    weighted = [(_quality(parameters), tag.strip()) for tag, *parameters in ranges]
    return [tag for quality, tag in sorted(weighted, key=lambda pair: -pair[0]) if quality > 0 and tag not in ("", "*")]


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
