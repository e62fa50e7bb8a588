"""Opt-outs that wait for their author to be known, in the table."""

from collections.abc import Sequence
from functools import partial
from typing import cast

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.table import Item, Key, Table
from campaigns.domain.instants import MINUTE_MS, SECOND_MS
from campaigns.domain.opt_out_review import OptOutReview, alias_of
from campaigns.services.ports import Listing

#: A message that is reported again comes within minutes: so long it is known to be settled.
_REMEMBERED_MS = 24 * 60 * MINUTE_MS


class ReviewItem(Item):
    """An opt-out that waits; once it is settled only that it was there, for a day."""

    tenant_id = UnicodeAttribute()
    review_id = UnicodeAttribute()
    instance_id = UnicodeAttribute()
    whatsapp_message_id = UnicodeAttribute()
    keyword = UnicodeAttribute()
    text = UnicodeAttribute(null=True)
    push_name = UnicodeAttribute(null=True)
    said_at = NumberAttribute()
    received_at = NumberAttribute()
    expires_at = NumberAttribute(null=True)
    list_key = UnicodeAttribute(null=True)
    list_sort = UnicodeAttribute(null=True)


class ReviewStore:
    """See :class:`campaigns.services.ports_reviews.Reviews`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, review: OptOutReview) -> None:
        self._table.put(_to_item(review), ReviewItem.pk.does_not_exist())

    def read(self, tenant_id: str, review_id: str) -> OptOutReview | None:
        alias = alias_of(review_id)
        if alias is None:
            return None
        key = keys.review(tenant_id, alias, review_id)
        item = self._table.get(ReviewItem, key, consistent=True)
        return _to_review(item) if item and item.list_key else None

    def waiting(self, tenant_id: str, alias: str) -> Sequence[OptOutReview]:
        items = self._table.query_all(
            ReviewItem,
            keys.alias_partition(tenant_id, alias),
            sort=lambda path: path.startswith(keys.REVIEW_PREFIX),
            consistent=True,
        )
        return [_to_review(item) for item in items if item.list_key]

    def settle(self, review: OptOutReview, now: int) -> None:
        # Whoever settles it second changes nothing by it.
        self._table.update(
            ReviewItem,
            _key(review),
            [
                ReviewItem.list_key.remove(),
                ReviewItem.list_sort.remove(),
                ReviewItem.text.remove(),
                ReviewItem.push_name.remove(),
                ReviewItem.expires_at.set((now + _REMEMBERED_MS) // SECOND_MS),
            ],
            ReviewItem.list_key.exists(),
        )

    def page(self, tenant_id: str, *, after: str | None, limit: int) -> Listing[OptOutReview]:
        found: list[OptOutReview] = []
        # The index lags behind the table: what is settled meanwhile must not make an empty page.
        while True:
            wanted = limit - len(found)
            listed = self._table.query(
                ReviewItem,
                keys.list_of(tenant_id, "REVIEWS"),
                index="by_list",
                sort=partial(_before, after) if after else None,
                newest_first=True,
                limit=wanted + 1,
            ).items
            page = [item.key for item in listed[:wanted]]
            items = self._table.batch_get(ReviewItem, page, consistent=True)
            found += [
                _to_review(items[key]) for key in page if key in items and items[key].list_key
            ]
            if len(listed) <= wanted:
                return Listing(found, None)
            after = listed[wanted - 1].list_sort
            if len(found) == limit:
                return Listing(found, after)


def _before(after: str, path: UnicodeAttribute) -> Condition:
    return cast(Condition, path < after)


def _key(review: OptOutReview) -> Key:
    return keys.review(review.tenant_id, review.alias, review.review_id)


def _to_item(review: OptOutReview) -> ReviewItem:
    key = _key(review)
    return ReviewItem(
        key.pk,
        key.sk,
        tenant_id=review.tenant_id,
        review_id=review.review_id,
        instance_id=review.instance_id,
        whatsapp_message_id=review.whatsapp_message_id,
        keyword=review.keyword,
        text=review.text,
        push_name=review.push_name,
        said_at=review.said_at,
        received_at=review.received_at,
        list_key=keys.list_of(review.tenant_id, "REVIEWS"),
        list_sort=f"{review.received_at:013d}#{review.review_id}",
    )


def _to_review(item: ReviewItem) -> OptOutReview:
    return OptOutReview(
        review_id=item.review_id,
        tenant_id=item.tenant_id,
        alias=alias_of(item.review_id) or "",
        instance_id=item.instance_id,
        whatsapp_message_id=item.whatsapp_message_id,
        keyword=item.keyword,
        text=item.text or "",
        push_name=item.push_name,
        said_at=int(item.said_at),
        received_at=int(item.received_at),
    )
