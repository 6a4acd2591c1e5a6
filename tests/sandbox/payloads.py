"""Request bodies in the form that bots send."""

from typing import Any

V2 = 1 << 15


def text(content: str) -> dict[str, Any]:
    """A text display."""
    return {"type": 10, "content": content}


def button(custom_id: str, label: str = "Press", **more: Any) -> dict[str, Any]:
    """A button."""
    return {"type": 2, "style": 2, "label": label, "custom_id": custom_id, **more}


def row(*children: dict[str, Any]) -> dict[str, Any]:
    """An action row."""
    return {"type": 1, "components": list(children)}


def v2(*components: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A components-v2 message."""
    return {"flags": V2, "components": list(components), **more}


def gallery(*names: str) -> dict[str, Any]:
    """A gallery of uploaded files."""
    return {"type": 12, "items": [{"media": {"url": f"attachment://{name}"}, "description": name} for name in names]}


def card() -> dict[str, Any]:
    """A picture's card with its buttons; the upload is a.png."""
    parts = [text("a corgi"), gallery("a.png"), {"type": 14}, row(button("remix", "Remix"), button("again", "Again"))]
    return v2({"type": 17, "accent_color": 0x57F287, "components": parts})


def every_component() -> dict[str, Any]:
    """One of each component that a message may have; the upload is a.png."""
    media = {"url": "attachment://a.png"}
    options = [{"label": "One", "value": "1"}, {"label": "Two", "value": "2", "default": True}]
    link = {"type": 2, "style": 5, "label": "Link", "url": "https://example.com"}
    return v2(
        {"type": 9, "components": [text("with a thumbnail")], "accessory": {"type": 11, "media": media}},
        {"type": 9, "components": [text("with a button")], "accessory": button("side")},
        gallery("a.png"),
        {"type": 13, "file": media},
        {"type": 14, "divider": False, "spacing": 2},
        row(link, button("off", disabled=True)),
        row({"type": 3, "custom_id": "pick", "options": options, "placeholder": "Pick"}),
        *(row({"type": kind, "custom_id": f"select-{kind}"}) for kind in (5, 6, 7, 8)),
    )


COMMANDS: list[dict[str, Any]] = [
    {
        "name": "imagine",
        "description": "Make a picture",
        "options": [
            {"type": 3, "name": "prompt", "description": "What to draw", "required": True, "max_length": 4000},
            {"type": 3, "name": "size", "description": "Shape", "choices": [{"name": "Square", "value": "1:1"}]},
            {"type": 3, "name": "style", "description": "Style", "autocomplete": True},
            {"type": 4, "name": "count", "description": "How many", "min_value": 1, "max_value": 4},
            {"type": 5, "name": "private", "description": "Only for me"},
            {"type": 11, "name": "image", "description": "A reference"},
            {"type": 6, "name": "friend", "description": "Somebody"},
        ],
    },
    {
        "name": "usage",
        "description": "Figures",
        "options": [
            {
                "type": 1,
                "name": "overview",
                "description": "All of it",
                "options": [{"type": 4, "name": "days", "description": "Days"}],
            },
            {
                "type": 2,
                "name": "by",
                "description": "Split",
                "options": [{"type": 1, "name": "member", "description": "By member"}],
            },
        ],
    },
    {"name": "settings", "description": "Settings", "default_member_permissions": "32", "contexts": [0]},
    {"name": "spicy", "description": "Age-restricted", "nsfw": True},
    {"name": "Remix", "type": 3},
    {"name": "Who", "type": 2},
]
