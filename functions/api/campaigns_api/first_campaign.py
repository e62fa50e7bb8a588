"""The first campaign by HTTP, as the head of the API's document tells it."""

from typing import Final

FIRST_CAMPAIGN: Final = """\
## A first campaign

Each step is one request with `Authorization: Bearer <key>` and `Content-Type: application/json`;
ids come from the answers before. The key of a local stack is in its `stack.json`. In this page:
press *Authorize*, then *Try it out* at each operation.

1. A WhatsApp number, made on the deployment's own Evolution server:

   ```
   POST /api/instances/
   {"name": "Padaria", "create_on_server": true}
   ```

2. Connect a phone to it: show `image`, or draw `code` as a QR code, and scan it on the phone under
   *Linked devices*. Ask again until `connected` is true; the code changes every twenty seconds or
   so. A local stack has phones of its own: at its `evolution_url`, under `/_fake/`.

   ```
   GET /api/instances/{instance_id}/qrcode/
   ```

3. Try it on a phone of your own:

   ```
   POST /api/instances/{instance_id}/test-message/
   {"phone": "(11) 99000-2471", "text": "Olá!"}
   ```

4. Contacts; repeating it adds nobody twice:

   ```
   POST /api/contacts/contacts/bulk_create/
   {"contacts": [{"name": "Célia Antunes", "phone": "(17) 99000-2471", "tags": ["vip"]},
                 {"name": "João Peçanha", "phone": "+55 19 99000-9548", "tags": ["vip"]}]}
   ```

5. The campaign, as a draft:

   ```
   POST /api/campaigns/campaigns/
   {"name": "Panetone", "instance_id": "{instance_id}", "tags": ["vip"],
    "message_texts": ["Oi, {{primeiro_nome}}! Chegou panetone."]}
   ```

6. What would keep it from starting, what to think about, and when it will be done. Its recipients
   are prepared behind the answer, which takes a moment:

   ```
   GET /api/campaigns/campaigns/{campaign_id}/checks/
   ```

7. Start it, and follow it:

   ```
   POST /api/campaigns/campaigns/{campaign_id}/start/
   GET /api/campaigns/campaigns/{campaign_id}/
   GET /api/campaigns/campaigns/{campaign_id}/contacts/
   ```

   `POST …/pause/`, `…/resume/` and `…/cancel/` are safe to repeat.

The first request leaves within ten seconds of the start. It waits for the pace of its instance, as
after a test message (`next_allowed_at` of the instance), and for the end of the tenant's quiet
hours, 21:00 to 8:00 if nobody changed them: see `ignore_quiet_hours`.

## What holds everywhere
"""
