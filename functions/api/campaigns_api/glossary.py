"""What a field means wherever it stands, with an example: one name, one meaning.

The OpenAPI document says it where a model says nothing of its own. A name that means something else
in one model is listed there as ``Model.name``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Meaning:
    """A description, unless the models have one, and an example unless the type shows one."""

    description: str | None = None
    example: Any = None


_NAME: Final = "What people call it."

GLOSSARY: Final[Mapping[str, Meaning]] = {
    # Any thing
    "id": Meaning("By which calls name it.", "01hz7q3v9k2m4n6p8r0s2t4v6x"),
    "name": Meaning(_NAME, "Loja do centro"),
    "description": Meaning("A note for colleagues.", "Para quem comprou em dezembro."),
    "created_at": Meaning("When it was created."),
    "updated_at": Meaning("When it was last changed."),
    "archived_at": Meaning("When it was archived; null: it is not."),
    "results": Meaning("The entries of this page, in the order of the list."),
    "status": Meaning("Where it stands."),
    "actor": Meaning("`key:` and the key's id; `system` for what happens by itself."),
    "reason": Meaning("Why, in the caller's own words.", "Pedido pelo telefone."),
    "code": Meaning("Stable, for programs."),
    "message": Meaning("In the caller's language.", "Falta o DDD."),
    "errors": Meaning("Every fault of the row."),
    "timezone": Meaning("IANA name.", "America/Sao_Paulo"),
    "locale": Meaning("Language of answers to whoever sends no `Accept-Language`.", "pt-BR"),
    "phone": Meaning("E.164.", "+5511990002471"),
    "text": Meaning(example="Oi, Maria! Chegou a coleção nova."),
    # Keys, tenant, audit trail, the service itself
    "key_id": Meaning("The key's id.", "01hz7q3v9k2m4n6p8r0s2t4v6x"),
    "role": Meaning("What the key may do; each role includes those before it."),
    "tenant": Meaning("The business that the key belongs to."),
    "TenantBrief.id": Meaning("The tenant's id.", "tn_01hz7q3v9k2m4n6p8r0s2t4v6x"),
    "opt_out_keywords": Meaning("Answers that opt a person out.", ["SAIR", "PARAR"]),
    "quiet_hours_start": Meaning("`HH:MM`: from here on no campaign sends.", "21:00"),
    "quiet_hours_end": Meaning("`HH:MM`, exclusive: from here on campaigns send again.", "08:00"),
    "object": Meaning("What was changed."),
    "HealthOut.status": Meaning("Whether the service works."),
    # Problems
    "type": Meaning("A name for this kind of problem."),
    "title": Meaning("What its status means, for people."),
    "ProblemOut.status": Meaning("The answer's status again.", 404),
    "detail": Meaning("What went wrong, for people."),
    # Instances
    "evolution_url": Meaning("Address of its Evolution server.", "https://evolution.example.com"),
    "evolution_instance": Meaning("What that server calls it.", "loja"),
    "api_key": Meaning(example="chave-da-loja-no-servidor"),
    "delay_min_seconds": Meaning("Between two messages pass at least so many seconds.", 20),
    "delay_max_seconds": Meaning("The gap is drawn from between the other one and this.", 50),
    "daily_limit": Meaning("Messages of a day at most, by the tenant's day; null: no limit.", 250),
    "connected_phone": Meaning("The phone that is connected, E.164.", "+5511990008000"),
    "connection_state": Meaning("Only `open` can send."),
    "sent_today": Meaning(example=37),
    "active_campaign": Meaning("The live campaign that holds it; null: none."),
    "server_version": Meaning("Evolution's version.", "2.3.7"),
    "connected": Meaning("Whether the phone is connected."),
    "QrCodeOut.code": Meaning(example="2@kq7v0mXb4Jt1w9c"),
    "image": Meaning(example="data:image/png;base64,iVBORw0KGgo="),
    "is_connected": Meaning("Whether the phone is connected, as the system knows it."),
    "current_campaign": Meaning("The live campaign that holds it; null: none."),
    "instance_id": Meaning(
        "The instance that it is sent through.", "in_01hz7q3v9k2m4n6p8r0s2t4v6x"
    ),
    "instance_name": Meaning("The instance's name; null once it was deleted.", "Loja do centro"),
    # Contacts and groups
    "ContactIn.name": Meaning("The person's name."),
    "ContactPut.name": Meaning("The person's name."),
    "ContactPatch.name": Meaning("The person's name."),
    "ContactRow.name": Meaning("The person's name; without one a row can only update."),
    "ContactOut.name": Meaning("The person's name.", "Maria Aparecida Souza"),
    "ContactBrief.name": Meaning("Null once the contact was deleted.", "Maria Aparecida Souza"),
    "ContactBrief.phone": Meaning("E.164; null once the contact was deleted.", "+5511990002471"),
    "ContactBrief.id": Meaning("The contact's id.", "ct_6m2v5k3hq7wznp4jx8tbdyr2ce"),
    "email": Meaning("An address for mail.", "maria@example.com"),
    "quem_indicou": Meaning("Who recommended us.", "João"),
    "tags": Meaning("Words to find contacts by; case and accents do not matter.", ["vip"]),
    "custom_vars": Meaning("Variables for texts, beside the built-in ones.", {"cidade": "Osasco"}),
    "notes": Meaning("For colleagues; no text can show it.", "Prefere mensagens à tarde."),
    "consent": Meaning(
        "How the person agreed to be messaged.", {"given_at": "2026-03-01", "channel": "loja"}
    ),
    "given_at": Meaning("When, as it was noted."),
    "channel": Meaning("Where or how."),
    "Consent.text": Meaning("What was agreed to."),
    "import_id": Meaning(example="im_01hz7q3v9k2m4n6p8r0s2t4v6x"),
    "opted_out_at": Meaning("Since when no message goes to this person; null: messages do."),
    "opt_out_source": Meaning("`reply`: she answered so; `operator`: it was entered.", "reply"),
    "last_replied_at": Meaning("When this person last wrote to an instance."),
    "groups_count": Meaning("In how many groups.", 2),
    "contacts_count": Meaning("How many contacts.", 128),
    "contact_ids": Meaning(example=["ct_6m2v5k3hq7wznp4jx8tbdyr2ce"]),
    "changed": Meaning(example=3),
    "unknown": Meaning(example=[]),
    "BulkIn.contacts": Meaning(example=[{"name": "Maria", "phone": "(11) 99000-2471"}]),
    "BulkOut.contacts": Meaning("The rows that were taken."),
    "BulkOut.errors": Meaning("The rows that were refused."),
    "BulkError.code": Meaning("`validation_failed`, or what it met.", "contact_exists"),
    "index": Meaning("The row's place in the body, from 0 on.", 0),
    "BulkContact.id": Meaning("The contact's id.", "ct_6m2v5k3hq7wznp4jx8tbdyr2ce"),
    "result": Meaning("What became of the row."),
    "created": Meaning("Rows that became contacts.", 12),
    "updated": Meaning("Rows whose person was there already and took their values.", 3),
    "skipped": Meaning("Rows whose person was there already and stays as it was.", 1),
    # Campaigns
    "is_paused": Meaning("Whether `status` is `paused`."),
    "schedule_type": Meaning(
        "At which hours it sends. `immediate`: at any. `business_hours`: 09:00 to 18:00 every day. "
        "`business_days`: the same, but not on weekends and holidays. `custom_period`: in the one "
        "or two windows that are given, on the days that its flags leave; the other kinds drop "
        "both."
    ),
    "morning_start": Meaning("`HH:MM`: the first window of a custom period begins.", "09:00"),
    "morning_end": Meaning(
        "`HH:MM`, exclusive: the first window ends. `24:00` is allowed.", "12:00"
    ),
    "afternoon_start": Meaning("`HH:MM`: the second window of a custom period begins.", "13:00"),
    "afternoon_end": Meaning(
        "`HH:MM`, exclusive: the second window ends. `24:00` is allowed.", "18:00"
    ),
    "skip_weekends": Meaning("Nothing leaves on Saturdays and Sundays."),
    "skip_holidays": Meaning("Nothing leaves on national holidays and the tenant's own."),
    "ignore_quiet_hours": Meaning("The tenant's quiet hours do not bind it."),
    "allow_missing": Meaning("Start although some contacts lack a variable's value."),
    "resume_on_reconnect": Meaning("Go on by itself once its instance is connected again."),
    "scheduled_at": Meaning("When it is to start; null: when `start/` is called."),
    "recipients": Meaning("What laying has made of the sources so far."),
    "state": Meaning("`preparing` while recipients are being laid."),
    "RecipientsOut.error": Meaning("Why laying failed.", "laying_failed"),
    "requested": Meaning(example=130),
    "added": Meaning(example=120),
    "repeats": Meaning(example=4),
    "opted_out": Meaning("Left out: they had opted out.", 5),
    "inactive": Meaning("Left out: they are inactive.", 1),
    "missing_values": Meaning(example=0),
    "total": Meaning(example=126),
    "reachable": Meaning("Would be sent the message.", 120),
    "message_texts": Meaning("One to five wordings, sent in turn."),
    "messages": Meaning("Its wordings, by their order."),
    "total_contacts": Meaning("How many people there are.", 120),
    "pending_messages": Meaning("Recipients still to be sent to.", 80),
    "in_flight_messages": Meaning(example=1),
    "sent_messages": Meaning(example=36),
    "delivered_messages": Meaning(example=34),
    "read_messages": Meaning("Read or further.", 21),
    "responded_count": Meaning("People who answered.", 9),
    "failed_messages": Meaning("Recipients whose message failed.", 2),
    "skipped_messages": Meaning("Left out after all: opted out, removed, cancelled.", 1),
    "unconfirmed_messages": Meaning(example=0),
    "progress_percentage": Meaning(example=32.5),
    "response_rate": Meaning(example=25.0),
    "delivery_rate": Meaning(example=94.4),
    "read_rate": Meaning(example=61.8),
    "can_be_started": Meaning("Whether every start condition holds now: see `checks/`."),
    "next_scheduled_send": Meaning("When the next message leaves, as far as is planned."),
    "last_send_at": Meaning("When the last message left."),
    "estimated_seconds": Meaning(example=4_200),
    "estimated_completion_at": Meaning("When the last message will have left."),
    "started_at": Meaning("When it was started; null: not yet."),
    "paused_at": Meaning("When it was last paused."),
    "completed_at": Meaning("When it was completed."),
    "cancelled_at": Meaning("When it was cancelled."),
    "created_by": Meaning("`key:` and the id of the key.", "key:01hz7q3v9k2m4n6p8r0s2t4v6x"),
    "started_by": Meaning(
        "`key:` and the id of the key; null: nobody yet.", "key:01hz7q3v9k2m4n6p8r0s2t4v6x"
    ),
    "last_error": Meaning(
        "Codes of what keeps a scheduled campaign from starting, or a paused one from going on by "
        "itself, with commas.",
        "instance_busy",
    ),
    "auto_pause_reason": Meaning("Why the system paused it by itself; null: it did not."),
    "InstanceBrief.id": Meaning("The instance's id.", "in_01hz7q3v9k2m4n6p8r0s2t4v6x"),
    "ActiveCampaign.id": Meaning("The campaign's id.", "cp_01hz7q3v9k2m4n6p8r0s2t4v6x"),
    "CurrentCampaign.id": Meaning("The campaign's id.", "cp_01hz7q3v9k2m4n6p8r0s2t4v6x"),
    "CampaignOut.name": Meaning(_NAME, "Natal 2026"),
    "ActiveCampaign.name": Meaning(_NAME, "Natal 2026"),
    "CurrentCampaign.name": Meaning(_NAME, "Natal 2026"),
    # Checks
    "ok": Meaning("Whether the condition holds."),
    "checks": Meaning("Every start condition."),
    "warnings": Meaning("What should be known before a start; nothing here prevents it."),
    "daily_forecast": Meaning("How many messages leave on which day."),
    "ForecastDayOut.messages": Meaning("Messages of that day.", 250),
    "ForecastDayOut.date": Meaning(example="2026-12-01"),
    # Wordings
    "campaign_id": Meaning("The campaign's id.", "cp_01hz7q3v9k2m4n6p8r0s2t4v6x"),
    "message_text": Meaning("With its variables.", "Oi, {{primeiro_nome}}!"),
    "order": Meaning("Its place, unique.", 1),
    "times_sent": Meaning("How often it was sent.", 18),
    "response_count": Meaning("How many of those to whom it was sent answered.", 4),
    "original_message": Meaning("The text with its variables.", "Oi, {{primeiro_nome}}!"),
    "previews": Meaning("Up to three."),
    "contact_name": Meaning("Whose values are filled in.", "Maria Aparecida Souza"),
    "contact_phone": Meaning("E.164.", "+5511990002471"),
    "rendered_message": Meaning("As she would read it.", "Oi, Maria!"),
    "unknown_variables": Meaning(example=["cidade"]),
    "is_active": Meaning("Whether it counts: false leaves it out."),
    # Recipients and their log
    "sequence": Meaning("Its place in the campaign, from 0 on.", 0),
    "contact": Meaning("The person."),
    "message_sent": Meaning(example="ms_01hz7q3v9k2m4n6p8r0s2t4v6x"),
    "message_sent_preview": Meaning(example="Oi, Maria!"),
    "rendered_text": Meaning("The whole text as it was sent.", "Oi, Maria! Chegou a coleção nova."),
    "attempts": Meaning("How often it was tried to send.", 1),
    "retry_count": Meaning("How many of the tries were repeats after a passing fault.", 0),
    "error_code": Meaning("Why it was not sent; null: nothing went wrong."),
    "error_message": Meaning("`error_code` in words.", "O número não está no WhatsApp."),
    "RecipientOut.scheduled_at": Meaning("When it is or was planned to leave."),
    "RecipientDetail.scheduled_at": Meaning("When it is or was planned to leave."),
    "sent_at": Meaning("When it was handed to WhatsApp."),
    "delivered_at": Meaning("When it reached the phone."),
    "read_at": Meaning("When it was read."),
    "responded_at": Meaning("When the person answered."),
    "LogOut.id": Meaning("By which entries are told apart.", "lg_01hz7q3v9k2m4n6p8r0s2t4v6x"),
    "LogOut.message": Meaning("What happened, in the caller's language.", "Campanha pausada."),
    "level": Meaning("How serious it is."),
    "event_type": Meaning("What happened, for programs."),
    "metadata": Meaning("What belongs to it, by the kind of event.", {"sequence": 0}),
    # Holidays
    "date": Meaning("The day.", "2026-12-24"),
    "HolidayOut.id": Meaning(example="2026-12-24"),
    "HolidayOut.name": Meaning("What the day is called.", "Véspera de Natal"),
    "HolidayIn.name": Meaning("What the day is called."),
    "HolidayPut.name": Meaning("What the day is called."),
    "HolidayPatch.name": Meaning("What the day is called."),
    "source": Meaning("Who says so: the calendar, or the tenant."),
}

#: Of paths.
PARAMETERS: Final[Mapping[str, Meaning]] = {
    "campaign_id": Meaning("The campaign's id.", "cp_01hz7q3v9k2m4n6p8r0s2t4v6x"),
    "contact_id": Meaning("The contact's id.", "ct_6m2v5k3hq7wznp4jx8tbdyr2ce"),
    "day": Meaning("A day as `YYYY-MM-DD`.", "2026-12-24"),
    "event": Meaning("The event's name, as a server adds it.", "messages-update"),
    "group_id": Meaning("The group's id.", "gr_01hz7q3v9k2m4n6p8r0s2t4v6x"),
    "instance_id": Meaning("The instance's id.", "in_01hz7q3v9k2m4n6p8r0s2t4v6x"),
    "key_id": Meaning("The key's id.", "01hz7q3v9k2m4n6p8r0s2t4v6x"),
    "message_id": Meaning("The message's id.", "ms_01hz7q3v9k2m4n6p8r0s2t4v6x"),
    "recipient_id": Meaning("The recipient's id.", "rc_6m2v5k3hq7wznp4jx8tbdyr2ce"),
    "review_id": Meaning("The entry's id.", "or_6m2v5k3hq7wznp4jx6tbdyr2cea7kq4m2x"),
    "test_message_id": Meaning("The test message's id.", "dm_01hz7q3v9k2m4n6p8r0s2t4v6x"),
}


def explained(model: str, properties: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The properties of a model's schema, with what the glossary knows and the model does not."""
    return {name: _explained(model, name, schema) for name, schema in properties.items()}


def _explained(model: str, name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    meaning = GLOSSARY.get(f"{model}.{name}") or GLOSSARY.get(name)
    if meaning is None:
        return dict(schema)
    added: dict[str, Any] = {}
    if "description" not in schema and meaning.description:
        added["description"] = meaning.description
    if meaning.example is not None and not shows_an_example(schema):
        added["examples"] = [meaning.example]
    return {**schema, **added}


def shows_an_example(schema: Mapping[str, Any]) -> bool:
    """Whether a reader sees what a value looks like: by an example, or as there are only few."""
    if schema.keys() & {"examples", "default", "enum", "const", "$ref"}:
        return True
    if schema.get("type") == "boolean":
        return True
    parts = [*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())]
    return any(shows_an_example(part) for part in parts)
