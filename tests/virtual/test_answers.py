"""What people write back, on the virtual clock: whose answer it is, and who wants out."""

from dataclasses import replace
from functools import partial

import pytest

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.direct_items import DirectMessageItem
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.contact import ContactDraft
from campaigns.domain.direct_message import DirectStatus
from campaigns.domain.errors import NotFound, NotYet, Unavailable
from campaigns.domain.model import ConnectionState, Instance, Suppression
from campaigns.domain.opt_out import confirmation
from campaigns.domain.recipient import RecipientStatus
from campaigns.domain.webhook_event import Ack, AckStatus, Inbound
from local.fake_evolution import Behaviour, Rule
from local.fake_evolution.model import Lid
from tests.fakes import rules
from tests.fakes.world import World, a_world

SECOND, MINUTE, DAY = 1_000, 60_000, 86_400_000
LID = "184467440737095@lid"
SENT, RESPONDED = RecipientStatus.SENT, RecipientStatus.RESPONDED
#: More external calls than taking one message makes.
MOST_CALLS = 40


def jid(number: int) -> str:
    return f"551199000{number:04d}@s.whatsapp.net"


def instance(world: World) -> Instance:
    found = world.app.instance_store.read(world.instance_id)
    assert found is not None
    return found


def said(world: World, text: str | None, number: int = 0, **fields) -> Inbound:
    """A message of that customer's, written this second."""
    wanted = {
        "whatsapp_message_id": f"3A{world.clock.now():020d}",
        "remote_jid": jid(number),
        "text": text,
        "written_at": world.clock.now() // SECOND * SECOND,
    }
    return Inbound(**(wanted | fields))


def hear(world: World, inbound: Inbound) -> None:
    world.app.take_inbound(instance(world), inbound)


def write(world: World, text: str | None, number: int = 0, **fields) -> Inbound:
    inbound = said(world, text, number, **fields)
    hear(world, inbound)
    return inbound


def person(world: World, number: int = 0) -> str:
    return world.app.identity.person(f"551199000{number:04d}")


def suppression(world: World, number: int = 0) -> Suppression | None:
    return world.app.suppressions.read(world.tenant_id, person(world, number))


def is_out(world: World, number: int = 0) -> bool:
    return suppression(world, number) is not None


def replied_at(world: World, number: int = 0) -> int | None:
    who = person(world, number)
    found = world.app.activities.of_persons(world.tenant_id, [who])
    return found[who].last_replied_at if found else None


def waiting(world: World) -> list[str]:
    page = world.app.opt_outs.list(world.tenant_id, after=None, limit=50)
    return [view.review.text for view in page.items]


def confirmations(world: World) -> list[str]:
    """Who got one."""
    text = confirmation("Loja da Ana", ("SAIR",), "pt-BR")
    return [phone for phone, received in world.received() if received == text]


def sent_campaign(world: World, count: int = 1) -> str:
    campaign_id = world.started(world.add_contacts(count))
    world.run_until_over(campaign_id)
    return campaign_id


def statuses(world: World, campaign_id: str) -> list[str]:
    return [each.status.value for each in world.recipients(campaign_id)]


# Answers


def test_an_answer_is_to_the_last_campaign_message_that_this_instance_sent_her() -> None:
    with a_world() as world:
        world.start_running(hours=1)
        first, second = sent_campaign(world), sent_campaign(world)
        world.run(30)
        inbound = write(world, "Quanto custa?")
        hear(world, inbound)
        assert statuses(world, first) == ["sent"]
        [answered] = world.recipients(second)
        assert (answered.status, answered.responded_at) == (RESPONDED, world.clock.now())
        assert replied_at(world) == inbound.written_at
        rules.books_are_exact(world, second)


def test_a_quoted_message_is_the_one_that_is_answered() -> None:
    with a_world() as world:
        world.start_running(hours=1)
        first, second = sent_campaign(world), sent_campaign(world)
        [quoted] = world.recipients(first)
        write(world, "Esta!", quoted_id=quoted.whatsapp_message_id)
        assert (statuses(world, first), statuses(world, second)) == (["responded"], ["sent"])


def test_a_message_of_somebody_else_that_is_quoted_is_not_hers() -> None:
    with a_world() as world:
        world.start_running(hours=1)
        campaign_id = sent_campaign(world, 2)
        _, second = world.recipients(campaign_id)
        write(world, "Oi", 0, quoted_id=second.whatsapp_message_id)
        assert statuses(world, campaign_id) == ["responded", "sent"]


def test_an_answer_to_a_test_message_is_no_campaigns() -> None:
    with a_world() as world:
        world.start_running(hours=1)
        campaign_id = sent_campaign(world)
        test = world.app.direct.test_text(
            world.tenant_id,
            world.instance_id,
            phone="(11) 99000-0000",
            text="Teste",
            contact_id=None,
        )
        world.run(120)
        stored = world.app.direct_messages.read(world.tenant_id, test.direct_message_id)
        assert stored is not None
        write(world, "Chegou", quoted_id=stored.whatsapp_message_id)
        assert statuses(world, campaign_id) == ["sent"]
        write(world, "E a campanha?")
        assert statuses(world, campaign_id) == ["responded"]


def test_what_is_no_answer_changes_nothing() -> None:
    with a_world() as world:
        world.start_running(hours=1)
        campaign_id = sent_campaign(world)
        world.injector.arm("listener", None)
        inbound = said(world, "SAIR", is_answer=False)
        world.clock.join(partial(hear, world, inbound), kind="listener")
        assert statuses(world, campaign_id) == ["sent"]
        assert not is_out(world)
        assert "UpdateItem" not in world.injector.calls


def test_what_was_written_before_it_or_a_month_after_is_no_answer_to_it() -> None:
    with a_world() as world:
        world.start_running(hours=1)
        early = said(world, "Oi")
        campaign_id = sent_campaign(world)
        hear(world, early)
        world.run(30 * DAY / SECOND)
        write(world, "Oi de novo")
        assert statuses(world, campaign_id) == ["sent"]


def test_an_answer_that_comes_while_the_request_runs_is_to_be_sent_again() -> None:
    with a_world() as world:
        world.start_running(hours=1)
        campaign_id = sent_campaign(world)
        [recipient] = world.recipients(campaign_id)
        sending = replace(recipient, status=RecipientStatus.SENDING)
        world.app.recipients.read = lambda *_, **__: sending
        with pytest.raises(NotYet):
            write(world, "SAIR")
        # Her choice did not wait for that.
        assert is_out(world)


def test_a_reply_is_noted_of_whom_the_tenant_knows_and_once_a_minute() -> None:
    with a_world() as world:
        world.add_contacts(1)
        first = write(world, "Oi")
        world.run(20)
        write(world, "tudo bem?")
        assert replied_at(world) == first.written_at
        world.run(40)
        later = write(world, "alô?")
        hear(world, first)
        assert replied_at(world) == later.written_at
        write(world, "Quem são vocês?", 77)
        assert replied_at(world, 77) is None


def test_a_person_of_whom_only_an_alias_is_told_is_known_by_each_way_there_is() -> None:
    with a_world() as world:
        world.start_running(hours=1)
        first, second = sent_campaign(world), sent_campaign(world)
        [quoted] = world.recipients(first)
        write(world, "Oi", remote_jid=LID)
        assert statuses(world, second) == ["sent"]
        # Whose it is follows from what she quotes, and is remembered.
        write(world, "Esta", remote_jid=LID, quoted_id=quoted.whatsapp_message_id)
        assert statuses(world, first) == ["responded"]
        write(world, "E esta", remote_jid=LID.replace("@", ":7@"))
        assert statuses(world, second) == ["responded"]
        write(world, "SAIR", remote_jid="9999@lid", alternate_jid=jid(0))
        assert is_out(world)
        write(world, "VOLTAR", remote_jid="9999@lid", written_at=world.clock.now() + SECOND)
        assert is_out(world), "no later than now counts as later"
        world.run(1)
        write(world, "VOLTAR", remote_jid="9999@lid")
        assert not is_out(world)


# Opting out


def test_who_opts_out_gets_one_confirmation_and_nothing_more() -> None:
    with a_world() as world:
        world.start_running(hours=2)
        contacts = world.add_contacts(3)
        campaign_id = world.started(contacts)
        world.run(2)
        left = len(world.left_at())
        second = write(world, "Sair!", 1)
        hear(world, second)
        write(world, "sair", 1, whatsapp_message_id="3AOTHER")
        world.run_until_over(campaign_id)
        assert left == 1
        assert statuses(world, campaign_id) == ["sent", "skipped", "sent"]
        assert confirmations(world) == ["5511990000001"]
        found = suppression(world, 1)
        assert found is not None
        assert (found.source, found.reason) == ("reply", "SAIR")
        view = world.app.contacts.read(world.tenant_id, contacts[1])
        assert view.contact.opted_out
        rules.human_pace(world, 20 * SECOND)
        rules.nobody_twice(world)


@pytest.mark.exhaustive
def test_from_a_second_after_it_was_told_no_request_leaves_to_her() -> None:
    for tenth in range(0, 30, 3):
        with a_world(delay=(1, 2)) as world:
            world.start_running(hours=1)
            campaign_id = world.started(world.add_contacts(1))
            world.run(tenth / 10)
            write(world, "PARAR")
            told_at = world.clock.now()
            world.run(600)
            assert confirmations(world) == ["5511990000000"]
            # The confirmation is the last of all that left.
            assert [at for at in world.left_at()[:-1] if at > told_at + SECOND] == []
            assert statuses(world, campaign_id) in (["sent"], ["responded"], ["skipped"])


def test_the_confirmation_waits_for_her_gap_and_is_under_no_quiet_hours() -> None:
    with a_world(start=1_796_000_000_000 // DAY * DAY + 5 * 60 * MINUTE) as world:
        world.start_running(hours=1)
        sent_campaign(world)
        write(world, "SAIR")
        world.run(600)
        campaign_at, confirmed_at = world.left_at()
        assert confirmed_at - campaign_at >= 80 * SECOND
        assert confirmations(world) == ["5511990000000"]


def test_who_is_no_contact_opts_out_and_is_confirmed_too() -> None:
    with a_world() as world:
        world.poll(until=world.clock.now() + 600 * SECOND)
        write(world, "SAIR", 42)
        world.run(5)
        assert is_out(world, 42)
        assert confirmations(world) == ["5511990000042"]
        row, *_ = world.app.contacts.bulk(
            world.tenant_id, [ContactDraft("(11) 9000-0042", name="Ana")]
        )
        assert world.app.contacts.read(world.tenant_id, str(row.id)).contact.opted_out


def test_who_comes_back_before_the_confirmation_left_gets_none() -> None:
    with a_world() as world:
        write(world, "SAIR", 42)
        world.run(1)
        write(world, "VOLTAR", 42)
        world.poll(until=world.clock.now() + 600 * SECOND)
        world.run(600)
        assert not is_out(world, 42)
        assert world.received() == []
        assert world.queue.messages == []


def test_who_left_came_back_and_left_again_gets_one_confirmation() -> None:
    with a_world() as world:
        for text in ("SAIR", "VOLTAR", "Sair!"):
            write(world, text, 42)
            world.run(2)
        world.poll(until=world.clock.now() + 1_200 * SECOND)
        world.run(900)
        assert is_out(world, 42)
        assert confirmations(world) == ["5511990000042"]


def test_what_was_told_long_ago_and_is_told_again_is_not_confirmed_again() -> None:
    with a_world() as world:
        inbound = write(world, "SAIR", 42)
        world.poll(until=world.clock.now() + 60 * SECOND)
        world.run(60)
        world.run(31 * DAY / SECOND)
        # By then the table has forgotten that it was confirmed.
        message_id = world.app.identity.confirmation_id(
            world.instance_id, inbound.whatsapp_message_id
        )
        place = keys.direct_message(world.tenant_id, message_id)
        world.app.table.delete(DirectMessageItem, place)
        hear(world, inbound)
        write(world, "SAIR", 43, written_at=world.clock.now() - 8 * DAY)
        assert world.queue.messages == []
        assert (is_out(world, 42), is_out(world, 43)) == (True, True)
        assert confirmations(world) == ["5511990000042"]


def test_a_confirmation_waits_until_its_instance_is_known_to_be_connected_again() -> None:
    with a_world() as world:
        world.poll(until=world.clock.now() + 600 * SECOND)
        # What she wrote meanwhile comes as soon as the phone is back, and before that is noted.
        world.app.instance_store.note_state(world.instance_id, ConnectionState.CLOSE)
        write(world, "SAIR", 42)
        world.run(10)
        world.app.instance_store.note_state(world.instance_id, ConnectionState.OPEN)
        world.run(60)
        assert confirmations(world) == ["5511990000042"]


@pytest.mark.parametrize("ahead", [DAY, None])
def test_a_repeat_of_what_tells_no_time_that_can_be_does_not_undo_what_she_said_since(
    ahead: int | None,
) -> None:
    with a_world() as world:
        told = None if ahead is None else world.clock.now() + ahead
        back = write(world, "VOLTAR", 42, written_at=told)
        world.run(5)
        write(world, "SAIR", 42)
        for seconds in (5, 2 * DAY / SECOND):
            world.run(seconds)
            hear(world, back)
            assert is_out(world, 42)


def test_coming_back_undoes_also_what_an_operator_entered() -> None:
    with a_world() as world:
        [contact_id] = world.add_contacts(1)
        world.app.contacts.opt_out(world.tenant_id, contact_id, reason=None, source="operator")
        world.run(1)
        write(world, "voltar")
        assert not is_out(world)
        assert not world.app.contacts.read(world.tenant_id, contact_id).contact.opted_out


def test_an_older_word_of_hers_does_not_undo_what_an_operator_entered_since() -> None:
    with a_world() as world:
        [contact_id] = world.add_contacts(1)
        early = said(world, "VOLTAR")
        world.run(2)
        world.app.contacts.opt_out(world.tenant_id, contact_id, reason=None, source="operator")
        hear(world, early)
        assert is_out(world)
        late_out = said(world, "SAIR")
        world.run(2)
        world.app.contacts.opt_in(world.tenant_id, contact_id)
        hear(world, late_out)
        assert not is_out(world)


def test_an_operator_is_obeyed_however_quickly_one_entry_follows_another() -> None:
    with a_world() as world:
        [contact_id] = world.add_contacts(1)
        contacts, tenant_id = world.app.contacts, world.tenant_id
        for _ in range(3):
            contacts.opt_out(tenant_id, contact_id, reason=None, source="operator")
            assert is_out(world)
            contacts.opt_in(tenant_id, contact_id)
            assert not is_out(world)
        write(world, "SAIR")
        assert is_out(world), "at the same second being out wins"


# Aliases of nobody


def test_an_opt_out_of_nobody_waits_and_is_hers_as_soon_as_she_is_known() -> None:
    with a_world() as world:
        world.start_running(hours=1)
        campaign_id = sent_campaign(world)
        inbound = write(world, "SAIR", remote_jid=LID, push_name="Ana")
        hear(world, inbound)
        assert waiting(world) == ["SAIR"]
        assert not is_out(world)
        [recipient] = world.recipients(campaign_id)
        world.app.aliases.learn(world.tenant_id, LID, recipient.person)
        assert waiting(world) == []
        assert is_out(world)
        hear(world, inbound)
        assert waiting(world) == []
        world.run(300)
        # By the contact: her address told no phone.
        assert confirmations(world) == ["5511990000000"]


def test_whoever_is_known_by_no_phone_is_opted_out_without_a_confirmation(caplog) -> None:
    with a_world() as world:
        world.poll(until=world.clock.now() + 600 * SECOND)
        world.app.aliases.learn(world.tenant_id, LID, person(world, 42))
        write(world, "SAIR", remote_jid=LID)
        world.run(60)
        assert is_out(world, 42)
        assert world.received() == []
        assert "opt_out_not_confirmed" in caplog.text


def test_somebody_who_comes_back_unknown_does_not_wait_any_more() -> None:
    with a_world() as world:
        first = write(world, "SAIR", remote_jid=LID)
        world.run(2)
        write(world, "SAIR", remote_jid="5@lid")
        write(world, "VOLTAR", remote_jid=LID)
        assert len(waiting(world)) == 1
        hear(world, first)
        assert len(waiting(world)) == 1


def test_who_comes_back_as_somebody_known_is_not_opted_out_by_what_waited() -> None:
    with a_world() as world:
        write(world, "SAIR", 42, remote_jid=LID)
        world.run(2)
        write(world, "VOLTAR", 42, remote_jid=LID, alternate_jid=jid(42))
        assert (waiting(world), is_out(world, 42)) == ([], False)
        assert world.queue.messages == []


def test_an_alias_is_known_to_one_tenant_alone() -> None:
    with a_world() as world:
        world.app.aliases.learn(world.tenant_id, LID, "person")
        assert world.app.aliases.person(world.tenant_id, LID) == "person"
        assert world.app.aliases.person("tn_other", LID) is None


# Crashes


@pytest.mark.exhaustive
@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("address", ["phone", "alias"])
def test_a_crash_at_any_call_neither_loses_nor_doubles_an_opt_out_or_its_confirmation(
    after_effect: bool, address: str
) -> None:
    with a_world(delay=(1, 2)) as world:
        world.poll(until=world.clock.now() + 12 * 3_600_000)
        points = 0
        for crash_at in range(MOST_CALLS):
            world.add_contacts(1, first=crash_at)
            fields = {"remote_jid": f"{crash_at}@lid"} if address == "alias" else {}
            inbound = said(world, "SAIR", crash_at, **fields)
            # Of an alias the last step: somebody tells whose it is.
            learn = partial(
                world.app.aliases.learn,
                world.tenant_id,
                f"{crash_at}@lid",
                person(world, crash_at),
            )
            steps = [partial(hear, world, inbound), *([learn] if address == "alias" else [])]
            world.injector.arm("listener", crash_at, after_effect=after_effect)
            world.clock.join(lambda steps=steps: [step() for step in steps], kind="listener")
            crashed = len(world.injector.calls) > crash_at
            world.injector.arm("", None)
            world.run(5)
            for step in steps:  # Evolution, and whoever learned it, come again.
                step()
            world.run(200)
            assert is_out(world, crash_at)
            assert confirmations(world).count(f"551199000{crash_at:04d}") == 1
            assert waiting(world) == []
            points += crashed
            if not crashed:
                break
        assert points >= 8, "the whole way of an opt-out was crashed"
        assert world.queue.messages == []


def test_a_confirmation_whose_job_the_queue_did_not_take_is_queued_when_it_comes_again() -> None:
    with a_world() as world:
        refusing = [True]
        send = world.app.queue.send
        world.app.queue.send = lambda jobs: [False] * len(jobs) if refusing else send(jobs)
        inbound = said(world, "SAIR", 42)
        with pytest.raises(Unavailable):
            hear(world, inbound)
        assert is_out(world, 42)
        refusing.clear()
        hear(world, inbound)
        world.poll(until=world.clock.now() + 600 * SECOND)
        world.run(30)
        assert confirmations(world) == ["5511990000042"]


def test_a_confirmation_is_no_test_message() -> None:
    with a_world() as world:
        inbound = write(world, "SAIR", 42)
        message_id = world.app.identity.confirmation_id(
            world.instance_id, inbound.whatsapp_message_id
        )
        stored = world.app.direct_messages.read(world.tenant_id, message_id)
        assert stored is not None
        assert stored.status is DirectStatus.QUEUED
        with pytest.raises(NotFound):
            world.app.direct.read(world.tenant_id, world.instance_id, message_id)


def test_a_campaign_goes_on_when_somebody_answers_in_the_middle() -> None:
    with a_world() as world:
        world.start_running(hours=2)
        campaign_id = world.started(world.add_contacts(4))
        for _ in range(8):
            world.run(25)
            write(world, "Oi", 0)
        world.run_until_over(campaign_id)
        assert world.head(campaign_id).status is CampaignStatus.COMPLETED
        assert statuses(world, campaign_id).count("responded") == 1
        world.run(700)
        rules.books_are_exact(world, campaign_id)


# Through the edge


def test_what_is_written_on_a_phone_comes_in_as_a_webhook_and_is_answered_200() -> None:
    with a_world() as world:
        world.start_running(hours=1)
        edge = world.receive_webhooks()
        campaign_id = world.started(world.add_contacts(2))
        world.run(10)
        world.fake.reply("5511990000000", "Obrigada!")
        world.fake.reply("5511990000001", "Sair.", instance="loja")
        world.run_until_over(campaign_id)
        world.run(300)
        assert statuses(world, campaign_id) == ["responded", "skipped"]
        assert confirmations(world) == ["5511990000001"]
        assert {status for event, status in edge.answers if event == "messages.upsert"} == {200}


def test_an_alias_is_learned_from_a_receipt_and_what_waited_for_it_is_settled() -> None:
    with a_world() as world:
        world.start_running(hours=1)
        hidden = Lid("184467440737095", with_alternate=False)
        campaign_id = world.started(world.add_contacts(1))
        world.run_until_over(campaign_id)
        # Her receipt comes late: what she writes comes first, and tells no phone.
        world.receive_webhooks(acks=())
        world.fake.reply("5511990000000", "SAIR", as_lid=hidden)
        world.run(5)
        assert (waiting(world), is_out(world)) == (["SAIR"], False)
        [recipient] = world.recipients(campaign_id)
        world.app.take_ack(
            instance(world),
            Ack(str(recipient.whatsapp_message_id), AckStatus.READ, hidden.jid),
        )
        assert (waiting(world), is_out(world)) == ([], True)
        world.run(300)
        assert confirmations(world) == ["5511990000000"]


def test_an_alias_that_the_answer_to_a_send_named_is_known_by_what_follows() -> None:
    hidden = Lid("184467440737095", with_alternate=False, in_answers=True)
    with a_world() as world:
        world.start_running(hours=1)
        world.receive_webhooks()
        world.fake.set_lid("5511990000000", hidden)
        campaign_id = world.started(world.add_contacts(1))
        world.run_until_over(campaign_id)
        world.run(60)
        world.fake.reply("5511990000000", "SAIR", instance="loja")
        world.run(5)
        assert (waiting(world), is_out(world)) == ([], True)


def test_that_somebody_wrote_proves_nothing_of_a_send_that_is_in_doubt() -> None:
    with a_world() as world:
        world.fake.add_rule(Rule(Behaviour.NOT_SENT_ANSWER_LOST))
        campaign_id = world.started(world.add_contacts(1))
        world.start_running(hours=1)
        world.run(60)
        write(world, "Bom dia!")
        (recipient,) = world.recipients(campaign_id)
        assert recipient.status is RecipientStatus.UNKNOWN
