"""Phone identity over generated subscribers and every way of writing them."""

import phonenumbers
from hypothesis import assume, given
from hypothesis import strategies as st

from campaigns.domain.phone import InvalidPhone, parse_phone

AREA_CODES = ["11", "17", "21", "31", "41", "48", "51", "55", "61", "71", "85", "98"]
CARRIERS = ["12", "14", "15", "21", "31", "41", "43"]

area_codes = st.sampled_from(AREA_CODES)
#: The eight digits below the ninth, for mobiles that are known without it too.
mobiles = st.tuples(area_codes, st.from_regex(r"[6-9][0-9]{7}", fullmatch=True))
landlines = st.tuples(area_codes, st.from_regex(r"[2-5][0-9]{7}", fullmatch=True))
#: Mobiles that were handed out after the ninth digit came.
new_mobiles = st.tuples(area_codes, st.from_regex(r"9[1-5][0-9]{7}", fullmatch=True))

prefixes = st.one_of(
    st.sampled_from(["", "0", "+55", "+55 ", "55", "55 ", "00 55 ", "0055", "+55 0", "(+55) "]),
    st.sampled_from(["0xx", "tel: ", "tel:+55", "whatsapp:+55", "'", "wa.me/55"]),
    st.sampled_from(CARRIERS).map("0 {} ".format),
)
separators = st.sampled_from(["", " ", "-", ".", "\u00a0", "  ", " - ", "–", "\u200b"])
digit_scripts = st.sampled_from(["0123456789", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "0123456789"])


@st.composite
def spellings(draw, area, subscriber):
    prefix = draw(prefixes)
    if "wa.me" in prefix:
        return prefix + area + subscriber
    area = draw(st.sampled_from([area, f"({area})", f" {area} "]))
    tail = draw(separators)
    text = f"{prefix}{area}{draw(separators)}{subscriber[:-4]}{tail}{subscriber[-4:]}"
    return text.translate(str.maketrans("0123456789", draw(digit_scripts)))


@given(mobiles, st.data())
def test_every_spelling_of_a_mobile_is_one_person(mobile, data):
    area, eight = mobile
    form = data.draw(st.sampled_from([eight, "9" + eight]))
    phone = parse_phone(data.draw(spellings(area, form)))
    assert phone.e164 == f"+55{area}9{eight}"
    assert phone.person_key == f"55{area}9{eight}"


@given(st.one_of(landlines, new_mobiles), st.data())
def test_every_spelling_of_a_landline_or_a_newer_mobile_is_itself(line, data):
    area, subscriber = line
    phone = parse_phone(data.draw(spellings(area, subscriber)))
    assert phone.e164 == f"+55{area}{subscriber}"
    assert phone.person_key == f"55{area}{subscriber}"


@given(mobiles, mobiles)
def test_different_subscribers_are_different_persons(one, other):
    assume(one != other)
    assert parse_phone("".join(one)).person_key != parse_phone("".join(other)).person_key


@given(landlines, st.one_of(mobiles, new_mobiles))
def test_a_landline_never_merges_with_a_mobile(landline, mobile):
    assert parse_phone("".join(landline)).person_key != parse_phone("".join(mobile)).person_key


@given(st.sampled_from(["PT", "US", "AR", "MX", "IT", "DE", "PY", "JP", "AO", "BR"]), st.data())
def test_reading_our_own_e164_again_changes_nothing(region, data):
    kind = data.draw(
        st.sampled_from(
            [phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE]
        )
    )
    example = phonenumbers.example_number_for_type(region, kind)
    text = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    phone = parse_phone(text)
    assert parse_phone(phone.e164) == phone
    assert parse_phone("+" + phone.person_key).person_key == phone.person_key


phone_like = st.text(alphabet="0123456789+-() ./;,xX*#'=eEtel:wam٣²½´\n\u200b", max_size=40)


@given(st.one_of(st.text(), phone_like), st.sampled_from(["BR", "PT", "US", "MX", "ZZ"]))
def test_no_text_raises_anything_but_a_refusal_that_hides_it(text, region):
    try:
        phone = parse_phone(text, region)
    except InvalidPhone as refused:
        shown = str(refused)
    else:
        shown = repr(phone)
        assert parse_phone(phone.e164) == phone
        assert phonenumbers.is_valid_number(phonenumbers.parse(phone.e164))
    assert not any(character.isdigit() for character in shown)
