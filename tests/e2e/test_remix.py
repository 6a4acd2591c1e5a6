"""Reference pictures: which transports reach the provider, in which order, and how bad files are refused."""

from __future__ import annotations

import io

from PIL import Image

from sandbox.apimaster import Fault
from tests.e2e.harness import Harness

COLOURS = [
    "red",
    "green",
    "blue",
    "gold",
    "navy",
    "teal",
    "pink",
    "gray",
    "cyan",
    "lime",
    "brown",
    "olive",
    "tan",
    "plum",
]


def a_picture(colour: str, form: str = "PNG") -> bytes:
    """A small picture of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(buffer, form)
    return buffer.getvalue()


async def remix(harness: Harness, prompt: str, *pictures: tuple[str, bytes], **options: object) -> None:
    """Type `/remix` with these files as image1, image2 and so on."""
    files = {f"image{number}": picture for number, picture in enumerate(pictures, start=1)}
    interaction = await harness.driver.slash("alice", "remix", {"prompt": prompt, **options}, files=files)
    await interaction.acknowledged()


def sent(harness: Harness) -> list[str]:
    """The references of the last order."""
    body = harness.apimaster.posts[-1].body
    assert isinstance(body, dict)
    urls = body["image_urls"]
    assert isinstance(urls, list)
    return urls


async def test_fourteen_references_reach_the_provider_in_order(harness: Harness) -> None:
    """Discord's own addresses are sent while they are valid; the card counts the references and shows thumbnails."""
    await remix(harness, "a family photo", *[(f"{colour}.png", a_picture(colour)) for colour in COLOURS])
    message = await harness.picture("a family photo")
    assert "14 references" in message.text()
    picture, references = message.media()
    assert (picture.filename, references.filename) == ("imagine-1.jpg", "imagine-references-1.webp")
    assert (references.width, references.height, references.size < 30_000) == (720, 200, True)
    names = [url.partition("?")[0].rpartition("/")[2] for url in sent(harness)]
    assert names == [f"{colour}.png" for colour in COLOURS]
    await harness.until(lambda: harness.states() == ["delivered"])
    assert harness.ledger() == [("reserve", 1_000_000), ("charge", 1_000_000)]


async def test_rejected_transport_falls_back_without_a_second_charge(
    harness: Harness,
) -> None:
    """Addresses rejected: the copies are uploaded, and one charge is made."""
    harness.apimaster.script(Fault.http(400, "image_urls: cannot fetch"))
    await remix(harness, "a second way", ("red.png", a_picture("red")))
    await harness.picture("a second way")
    assert [post.status for post in harness.apimaster.posts] == [400, 200]
    assert harness.apimaster.base_url in sent(harness)[0]
    assert len([charge for charge in harness.apimaster.charges if charge.kind == "charge"]) == 1
    assert harness.ledger() == [("reserve", 1_000_000), ("charge", 1_000_000)]


async def test_without_an_upload_endpoint_the_copies_are_sent_inline(harness: Harness) -> None:
    """The last transport is a data URI."""
    harness.knobs.uploads = False
    harness.apimaster.script(Fault.http(400, "image_urls: cannot fetch"))
    await remix(harness, "a third way", ("blue.jpg", a_picture("blue", "JPEG")))
    await harness.picture("a third way")
    assert sent(harness)[0].startswith("data:image/jpeg;base64,")


async def test_animation_is_sent_as_its_first_frame(harness: Harness) -> None:
    """The provider gets a still picture, from our copy."""
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    await remix(harness, "a still life", ("moving.gif", buffer.getvalue()))
    await harness.picture("a still life")
    assert harness.rows("SELECT note, content_type FROM request_references") == [
        ("first frame of the animation", "image/png")
    ]
    assert harness.discord.cdn_host not in sent(harness)[0]


async def test_file_that_is_no_picture_is_named_and_costs_nothing(harness: Harness) -> None:
    """A PDF is refused by its type at once and privately; one renamed to .png after its bytes are downloaded."""
    await remix(harness, "a contract", ("paper.pdf", b"%PDF-1.7 not a picture"))
    refusal = await harness.driver.wait_message(lambda m: "paper.pdf" in m.text(), viewer="alice")
    assert refusal.ephemeral_to == "alice"
    await remix(harness, "a disguise", ("red.png", a_picture("red")), ("paper.png", b"%PDF-1.7 not a picture"))
    refusal = await harness.driver.wait_message(
        lambda m: "Image 2 (paper.png) is not a PNG, JPEG, WebP or GIF" in m.text(), viewer="alice"
    )
    assert refusal.ephemeral_to == "alice"
    assert harness.driver.messages("bob") == []
    await harness.until(lambda: list((harness.data_dir / "references").iterdir()) == [])
    assert harness.apimaster.posts == []
    assert harness.ledger() == [("reserve", 1_000_000), ("release", 1_000_000)]


async def test_decompression_bomb_of_a_hundred_megapixels_is_refused(harness: Harness) -> None:
    """Small as a file, huge when decoded; no pixel of it is decoded."""
    buffer = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(buffer, "PNG")
    await remix(harness, "a big bang", ("bomb.png", buffer.getvalue()))
    refusal = await harness.driver.wait_message(
        lambda m: "Image 1 (bomb.png) has too many pixels" in m.text(), viewer="alice"
    )
    assert refusal.ephemeral_to == "alice"


async def test_killed_before_the_references_are_copied_the_next_process_copies_them(harness: Harness) -> None:
    """The request waits for its references across a restart."""
    harness.faults.delay("GET /*attachments/*", 60)
    await harness.driver.slash(
        "alice", "remix", {"prompt": "a long way"}, files={"image1": ("red.png", a_picture("red"))}
    )
    await harness.until(lambda: harness.rows("SELECT held FROM jobs") == [(1,)])
    await harness.bot.kill()
    harness.faults.clear()
    await harness.start()
    await harness.picture("a long way")
    assert len(harness.apimaster.posts) == 1
