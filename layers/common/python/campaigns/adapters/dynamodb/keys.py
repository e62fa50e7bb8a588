"""Every key of the table, built by a named function. `docs/data-model.md` lists the same."""

from campaigns.adapters.dynamodb.table import Key
from campaigns.domain.model import LaneKey

#: Recipients lie in partitions of this many, by sequence: small pages at any size, none hot.
BLOCK = 1_000


def deployment_secret() -> Key:
    return Key("DEPLOYMENT", "SECRET")


def tenant(tenant_id: str) -> Key:
    return Key(f"TENANT#{tenant_id}", "TENANT")


def tenant_holiday(tenant_id: str, day: str) -> Key:
    return Key(f"TENANT#{tenant_id}", f"HOLIDAY#{day}")


def bearer_key(key_id: str) -> Key:
    return Key(f"KEY#{key_id}", "KEY")


def audit_entry(tenant_id: str, entry_id: str) -> Key:
    """A tenant's entries share a partition, in the order of time."""
    return Key(f"TENANT#{tenant_id}#AUDIT", entry_id)


def idempotency(tenant_id: str, digest: str) -> Key:
    return Key(f"IDEMPOTENCY#{tenant_id}#{digest}", "IDEMPOTENCY")


def contact(tenant_id: str, contact_id: str) -> Key:
    return Key(f"TENANT#{tenant_id}#CONTACT#{contact_id}", "CONTACT")


def group_partition(tenant_id: str, group_id: str) -> str:
    return f"TENANT#{tenant_id}#GROUP#{group_id}"


def group(tenant_id: str, group_id: str) -> Key:
    return Key(group_partition(tenant_id, group_id), "GROUP")


MEMBER_PREFIX = "MEMBER#"


def group_member(tenant_id: str, group_id: str, place: str) -> Key:
    return Key(group_partition(tenant_id, group_id), f"{MEMBER_PREFIX}{place}")


def tags_of(tenant_id: str) -> str:
    return f"TENANT#{tenant_id}#TAGS"


def tag(tenant_id: str, tag: str) -> Key:
    """`tag` is folded: all spellings are one."""
    return Key(tags_of(tenant_id), tag)


def tag_partition(tenant_id: str, tag: str) -> str:
    return f"TENANT#{tenant_id}#TAG#{tag}"


def tag_member(tenant_id: str, tag: str, place: str) -> Key:
    return Key(tag_partition(tenant_id, tag), f"{MEMBER_PREFIX}{place}")


def suppression(tenant_id: str, person: str) -> Key:
    return Key(f"TENANT#{tenant_id}#SUPPRESSION#{person}", "SUPPRESSION")


def alias_partition(tenant_id: str, digest: str) -> str:
    return f"TENANT#{tenant_id}#ALIAS#{digest}"


def alias(tenant_id: str, digest: str) -> Key:
    """`digest` is a keyed hash of the address: no address is kept in clear."""
    return Key(alias_partition(tenant_id, digest), "ALIAS")


REVIEW_PREFIX = "REVIEW#"


def review(tenant_id: str, digest: str, review_id: str) -> Key:
    """With the alias for which it waits: one query finds all of them."""
    return Key(alias_partition(tenant_id, digest), f"{REVIEW_PREFIX}{review_id}")


def heard(tenant_id: str, digest: str) -> Key:
    """`digest` is a keyed hash of the instance and the message."""
    return Key(f"TENANT#{tenant_id}#HEARD#{digest}", "HEARD")


def person_gate(person: str) -> Key:
    """Of the whole deployment: two tenants may know one person."""
    return Key(f"PERSON#{person}", "GATE")


def instance(instance_id: str) -> Key:
    return Key(f"INSTANCE#{instance_id}", "INSTANCE")


def instance_gate(instance_id: str) -> Key:
    return Key(f"INSTANCE#{instance_id}", "GATE")


def connection_check(instance_id: str) -> Key:
    return Key(f"INSTANCE#{instance_id}", "CHECK")


def registration(digest: str) -> Key:
    """One record per Evolution server and instance name, and per connected phone."""
    return Key(f"REGISTRATION#{digest}", "REGISTRATION")


def campaign_partition(tenant_id: str, campaign_id: str) -> str:
    return f"TENANT#{tenant_id}#CAMPAIGN#{campaign_id}"


#: What makes up a campaign's view shares this prefix, so that one query reads it.
VIEW = "VIEW#"


def campaign_head(tenant_id: str, campaign_id: str) -> Key:
    return Key(campaign_partition(tenant_id, campaign_id), f"{VIEW}HEAD")


def campaign_about(tenant_id: str, campaign_id: str) -> Key:
    return Key(campaign_partition(tenant_id, campaign_id), f"{VIEW}ABOUT")


def campaign_counters(tenant_id: str, campaign_id: str) -> Key:
    return Key(campaign_partition(tenant_id, campaign_id), f"{VIEW}COUNTERS")


def campaign_values(tenant_id: str, campaign_id: str) -> Key:
    return Key(campaign_partition(tenant_id, campaign_id), f"{VIEW}VALUES")


TEXT_PREFIX = f"{VIEW}TEXT#"


def campaign_text(tenant_id: str, campaign_id: str, message_id: str) -> Key:
    return Key(campaign_partition(tenant_id, campaign_id), f"{TEXT_PREFIX}{message_id}")


LANE_PREFIX = f"{VIEW}LANE#"


def lane(key: LaneKey) -> Key:
    partition = campaign_partition(key.tenant_id, key.campaign_id)
    return Key(partition, f"{LANE_PREFIX}{key.instance_id}")


def laying(tenant_id: str, campaign_id: str) -> Key:
    return Key(campaign_partition(tenant_id, campaign_id), "LAYING")


def removal(tenant_id: str, campaign_id: str) -> Key:
    return Key(campaign_partition(tenant_id, campaign_id), "REMOVAL")


def campaign_source(tenant_id: str, campaign_id: str, number: int) -> Key:
    return Key(campaign_partition(tenant_id, campaign_id), f"SOURCE#{number:05d}")


LOG_PREFIX = "LOG#"


def campaign_log(tenant_id: str, campaign_id: str, log_id: str) -> Key:
    return Key(campaign_partition(tenant_id, campaign_id), f"{LOG_PREFIX}{log_id}")


def recipient_block(tenant_id: str, campaign_id: str, block: int) -> str:
    return f"TENANT#{tenant_id}#CAMPAIGN#{campaign_id}#BLOCK#{block:06d}"


def recipient(tenant_id: str, campaign_id: str, sequence: int) -> Key:
    return Key(recipient_block(tenant_id, campaign_id, sequence // BLOCK), f"{sequence:09d}")


def recipient_marker(recipient_id: str) -> Key:
    """Where a recipient lies; it makes a person one recipient per campaign."""
    return Key(f"RECIPIENT#{recipient_id}", "MARKER")


def direct_message(tenant_id: str, direct_message_id: str) -> Key:
    return Key(f"TENANT#{tenant_id}#DIRECT#{direct_message_id}", "DIRECT")


# Index partitions


def due_shard(shard: int) -> str:
    return f"DUE#{shard}"


def message_key(instance_id: str, whatsapp_message_id: str) -> str:
    return f"{instance_id}#{whatsapp_message_id}"


def list_of(tenant_id: str, kind: str) -> str:
    """Kinds: CAMPAIGNS, INSTANCES, KEYS, GROUPS, REVIEWS; CONTACTS with how they are listed."""
    return f"TENANT#{tenant_id}#{kind}"


def tenants() -> str:
    """All of the deployment: only who runs it lists them."""
    return "TENANTS"


def phones_of(tenant_id: str) -> str:
    return f"TENANT#{tenant_id}#PHONES"
