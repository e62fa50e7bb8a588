------------------------------ MODULE Delivery ------------------------------
(* The way of one message, from its plan to its settlement, as the tables,  *)
(* the queue and the phones see it. Each action is one external call: a     *)
(* crash may come between any two. A line "= name" above an action names    *)
(* the code that it stands for; "= world" is what is not ours. How time,    *)
(* stale reads and plan numbers are told here is said in README.md.         *)
EXTENDS Naturals, FiniteSets, TLC

CONSTANTS
  Dispatchers,  \* copies of the function that sends
  Planners,     \* the schedule, overlapping itself, and the API
  Shape,        \* "one": a recipient; "two": two people of a campaign;
                \* "rivals": two campaigns on one instance, one person in both
  Servers,      \* what Evolution is at first: of {"old", "new"}; "new" honours ids
  Off,          \* guards that are switched off, to see what they hold
  \* How much of each kind of bad luck may come:
  Crashes, Copies, Pauses, Cancels, OptOuts, Losses, Parts, Faults, Resends, Spells,
  Changes, Adds

None == "none"
Ghost == "ghost"                      \* whose token died with its process

Recipients == IF Shape = "one" THEN {1} ELSE {1, 2}
Campaigns == IF Shape = "rivals" THEN {1, 2} ELSE {1}
People == IF Shape = "two" THEN {1, 2} ELSE {1}
CampaignOf(r) == IF Shape = "rivals" THEN r ELSE 1
PersonOf(r) == IF Shape = "two" THEN r ELSE 1
Sequence(r) == IF Shape = "two" THEN r - 1 ELSE 0

VARIABLES
  head,    \* of each campaign: its status
  laid,    \* the recipients that were added to their campaigns so far
  gate,    \* the instance: who is live on it, whose request it is busy with
  lane,    \* of each campaign: the sequence that is planned next
  stamp,   \* of each person: by whom she was stamped, and under which token
  rec,     \* of each recipient: its item, and its job on the queue
  disp,    \* of each dispatcher: the job in its hands, and what it has read
  plan,    \* of each planner: what it is about to send
  walker,  \* of each campaign: has the walk found everybody settled?
  server,  \* what Evolution is now, and the requests that it works on
  phone,   \* of each recipient: how often its message is shown
  watch,   \* what the rules are judged by; no guard reads it
  left     \* how much of each kind of bad luck may still come

vars == <<head, laid, gate, lane, stamp, rec, disp, plan, walker, server, phone, watch, left>>

Live == {"active", "paused"}
Settled == {"sent", "failed", "skipped", "unconfirmed"}
On(guard) == guard \notin Off
Spend(kind) == left[kind] > 0 /\ left' = [left EXCEPT ![kind] = @ - 1]

Idle == [pc |-> "idle", r |-> 0, cur |-> FALSE, st |-> None, doubt |-> FALSE,
         by |-> 0, run |-> FALSE, fresh |-> FALSE, out |-> None]
Rest == [pc |-> "idle", c |-> 0, new |-> {}, again |-> {}, old |-> {}, to |-> 0, ver |-> FALSE]

Init ==
  /\ head = [c \in Campaigns |-> IF Shape = "rivals" THEN "draft" ELSE "active"]
  /\ laid = IF Adds > 0 THEN {1} ELSE Recipients
  /\ lane = [c \in Campaigns |-> 0]
  /\ stamp = [p \in People |-> [by |-> 0, run |-> FALSE, tok |-> None]]
  /\ rec = [r \in Recipients |->
       [st |-> "pending", doubt |-> FALSE, due |-> "no", lease |-> None, under |-> FALSE,
        tries |-> 0, resent |-> 0, job |-> FALSE, seen |-> FALSE]]
  /\ disp = [d \in Dispatchers |-> Idle]
  /\ plan = [p \in Planners |-> Rest]
  /\ walker = [c \in Campaigns |-> {}]
  /\ server \in [is : Servers, works : {{}}]
  \* An earlier 201 may have shown that ids are honoured.
  /\ \E known \in {FALSE, server.is = "new"} :
       gate = [live |-> IF Shape = "rivals" THEN 0 ELSE 1, busy |-> None, holder |-> 0, gap |-> FALSE,
               st |-> IF Shape = "rivals" THEN None ELSE "active", known |-> known]
  /\ phone = [r \in Recipients |-> [shown |-> 0, id |-> FALSE]]
  /\ watch = [stop |-> [c \in Campaigns |-> "no"], opt |-> [p \in People |-> "no"],
              sent |-> {}, left |-> FALSE, broken |-> {}]
  /\ left = [crash |-> Crashes, copy |-> Copies, pause |-> Pauses, cancel |-> Cancels, opt |-> OptOuts,
             loss |-> Losses, part |-> Parts, fault |-> Faults, spell |-> Spells, change |-> Changes, add |-> Adds]

-----------------------------------------------------------------------------
(* Plan numbers. Only one thing is ever asked of them: is the job's the     *)
(* recipient's own? So what is in hands carries `cur`, and raising the      *)
(* number makes every job of that recipient stale, wherever it is.          *)

StaleHands(hands, r) ==
  IF On("plan_number")
  THEN [d \in Dispatchers |-> IF hands[d].r = r THEN [hands[d] EXCEPT !.cur = FALSE] ELSE hands[d]]
  ELSE hands
StalePlans(plans, r) ==
  IF On("plan_number") THEN [p \in Planners |-> [plans[p] EXCEPT !.old = @ \cup {r}]] ELSE plans
StaleHolder(g, r) == IF On("plan_number") /\ g.holder = r THEN [g EXCEPT !.holder = 0] ELSE g
RaisedElsewhere(r) ==
  disp' = StaleHands(disp, r) /\ plan' = StalePlans(plan, r) /\ gate' = StaleHolder(gate, r)
Raised(item) ==
  IF On("plan_number") THEN [item EXCEPT !.job = FALSE, !.seen = FALSE]
  ELSE [item EXCEPT !.seen = FALSE]

Finished(item, st) == [item EXCEPT !.st = st, !.due = "no", !.lease = None]
(* = domain.recipient_changes.released *)
Released(item) ==
  IF item.doubt THEN [Raised(item) EXCEPT !.st = "unknown", !.due = "no", !.lease = None]
  ELSE [Raised(item) EXCEPT !.st = "pending", !.due = "retry", !.lease = None]
(* = domain.recipient_changes.settled, domain.recipient_changes.lease_expired *)
Doubted(item) == [Raised(item) EXCEPT !.st = "unknown", !.doubt = TRUE, !.due = "no", !.lease = None]

(* A process is gone: nobody will ever present its tokens again.            *)
Forgotten(d, g) == IF g.busy = d THEN [g EXCEPT !.busy = Ghost] ELSE g
ForgottenStamps(d) ==
  [p \in People |-> IF stamp[p].tok = d THEN [stamp[p] EXCEPT !.tok = None] ELSE stamp[p]]
ForgottenLeases(d) ==
  [r \in Recipients |-> IF rec[r].lease = d THEN [rec[r] EXCEPT !.lease = Ghost] ELSE rec[r]]
Orphaned(d) == {IF w[1] = d THEN <<Ghost, w[2]>> ELSE w : w \in server.works}

(* A lease is longer than a process lives and than Evolution works on a     *)
(* request: it runs out when both are over.                                 *)
RunsOut(token) ==
  \/ token = Ghost /\ \A w \in server.works : w[1] /= Ghost
  \/ token /= None /\ ~On("lease_outlives")

-----------------------------------------------------------------------------
(* Planners: jobs first, cursor second.                                     *)

(* = services.plan_sends.PlanSends._plan_once *)
PlanReads(p, c) ==
  /\ plan[p].pc = "idle" /\ head[c] = "active"
  /\ LET mine == {r \in laid : CampaignOf(r) = c}
         ahead == {r \in mine : Sequence(r) >= lane[c]}
         new == {r \in ahead : rec[r].st = "pending" /\ rec[r].due = "no"}
         due == {r \in mine : rec[r].due = "retry"}
     IN \* The index is read as it was a moment ago: not all of them are seen.
        /\ \E again \in SUBSET due :
             /\ new \cup again /= {}
             /\ plan' = [plan EXCEPT ![p] = [Rest EXCEPT !.pc = "send", !.c = c, !.new = new,
                                             !.again = again, !.ver = TRUE,
                                             !.to = Cardinality(mine)]]
        /\ lane' = IF On("jobs_first") THEN lane ELSE [lane EXCEPT ![c] = Cardinality(mine)]
  /\ UNCHANGED <<head, laid, gate, stamp, rec, disp, walker, server, phone, watch, left>>

(* Nobody needs a slot, since a planner that crashed had sent their jobs.   *)
(* = services.plan_sends.PlanSends._pass_over *)
PassesOver(p, c) ==
  LET ahead == {r \in laid : CampaignOf(r) = c /\ Sequence(r) >= lane[c]} IN
  /\ plan[p].pc = "idle" /\ head[c] = "active" /\ ahead /= {}
  /\ \A r \in ahead : rec[r].st /= "pending" \/ rec[r].due /= "no"
  /\ lane' = [lane EXCEPT ![c] = @ + Cardinality(ahead)]
  /\ plan' = [q \in Planners |-> IF plan[q].c = c THEN [plan[q] EXCEPT !.ver = FALSE] ELSE plan[q]]
  /\ UNCHANGED <<head, laid, gate, stamp, rec, disp, walker, server, phone, watch, left>>

(* Past the unbroken run of what was acknowledged, and who needs no slot.   *)
(* = domain.planning.acknowledged_run, services.plan_sends._advanced *)
Cursor(p, acked) ==
  LET c == plan[p].c
      waiting == {Sequence(r) : r \in plan[p].new \ acked}
      first == CHOOSE n \in waiting : \A m \in waiting : n <= m
  IN IF ~(plan[p].again \subseteq acked) THEN lane[c]
     ELSE IF waiting = {} \/ (~On("ordered_ack") /\ acked /= {}) THEN plan[p].to ELSE first

(* The queue takes a batch: or a part of it, or all and acknowledges a part.*)
(* An id that was seen is dropped for five minutes; a spell is longer.      *)
(* = services.plan_sends.PlanSends._send *)
PlanSends(p) ==
  /\ plan[p].pc = "send"
  /\ LET todo == plan[p].new \cup plan[p].again IN
     \E acked \in SUBSET todo : \E taken \in {acked, todo} : \E again \in BOOLEAN :
       /\ CASE again -> acked = todo /\ (\E r \in todo : rec[r].seen) /\ Spend("spell")
            [] acked /= todo -> Spend("part")
            [] OTHER -> left' = left
       /\ rec' = [r \in Recipients |->
            IF r \in taken /\ r \notin plan[p].old /\ (again \/ ~rec[r].seen)
            THEN [rec[r] EXCEPT !.job = TRUE, !.seen = TRUE] ELSE rec[r]]
       /\ plan' = [plan EXCEPT ![p].new = {}, ![p].to = Cursor(p, acked), ![p].again = @ \cap acked,
                    ![p].pc = IF plan[p].again \cap acked = {} THEN "advance" ELSE "mark"]
  /\ UNCHANGED <<head, laid, gate, lane, stamp, disp, walker, server, phone, watch>>

(* = adapters.dynamodb.recipient_store.RecipientStore.mark_planned *)
PlanMarks(p) ==
  /\ plan[p].pc = "mark"
  /\ rec' = [r \in Recipients |->
       IF r \in plan[p].again \ plan[p].old /\ rec[r].st \in {"pending", "unknown"}
       THEN [rec[r] EXCEPT !.due = "planned"] ELSE rec[r]]
  /\ plan' = [plan EXCEPT ![p] = IF @.to = lane[@.c] THEN Rest ELSE [@ EXCEPT !.pc = "advance", !.again = {}]]
  /\ UNCHANGED <<head, laid, gate, lane, stamp, disp, walker, server, phone, watch, left>>

(* = adapters.dynamodb.lane_store.LaneStore.save *)
PlanAdvances(p) ==
  /\ plan[p].pc = "advance"
  /\ LET c == plan[p].c IN
     IF plan[p].to /= lane[c] /\ plan[p].ver
     THEN /\ lane' = [lane EXCEPT ![c] = plan[p].to]
          /\ plan' = [q \in Planners |-> IF q = p THEN Rest
                        ELSE IF plan[q].c = c THEN [plan[q] EXCEPT !.ver = FALSE] ELSE plan[q]]
     ELSE lane' = lane /\ plan' = [plan EXCEPT ![p] = Rest]
  /\ UNCHANGED <<head, laid, gate, stamp, rec, disp, walker, server, phone, watch, left>>

-----------------------------------------------------------------------------
(* Dispatchers. One person's jobs come one at a time, unless the queue gives*)
(* one again while it is in hands: a copy.                                  *)

(* It is released, if it is still as it was read, under a new plan number.  *)
(* = services.settle_delivery.SettleDelivery.release *)
ReleasesAs(d, hands, g) ==
  LET r == disp[d].r IN
  IF disp[d].cur /\ rec[r].st = disp[d].st
  THEN /\ rec' = [rec EXCEPT ![r] = Released(@)]
       /\ disp' = StaleHands(hands, r) /\ plan' = StalePlans(plan, r) /\ gate' = StaleHolder(g, r)
  ELSE rec' = rec /\ disp' = hands /\ plan' = plan /\ gate' = g

(* It is done with: the job is deleted, if it is not another one by now.    *)
(* = services.dispatch_message.DispatchBatch.dispatch *)
Deleted(d, items) ==
  IF disp[d].cur THEN [items EXCEPT ![disp[d].r].job = FALSE] ELSE items

(* A resend asks first whether the server still honours ids.                *)
(* = services.send_one.SendOne._current, services.send_one.SendOne._honours_ids *)
Receives(d, r) ==
  /\ disp[d].pc = "idle" /\ rec[r].job
  /\ IF \E e \in Dispatchers : disp[e].r /= 0 /\ PersonOf(disp[e].r) = PersonOf(r)
     THEN Spend("copy") ELSE left' = left
  /\ LET isResend == rec[r].st = "unknown"
         read == [Idle EXCEPT !.pc = "stamp", !.r = r, !.cur = TRUE, !.st = rec[r].st, !.doubt = rec[r].doubt]
     IN IF rec[r].st \notin {"pending", "unknown"}
        THEN /\ rec' = [rec EXCEPT ![r].job = FALSE]
             /\ disp' = disp /\ plan' = plan /\ gate' = gate
        ELSE IF isResend /\ server.is = "old" /\ On("version_asked")
        THEN rec' = [rec EXCEPT ![r] = Released(@)] /\ RaisedElsewhere(r)
        ELSE rec' = rec /\ disp' = [disp EXCEPT ![d] = read] /\ plan' = plan /\ gate' = gate
  /\ UNCHANGED <<head, laid, lane, stamp, walker, server, phone, watch>>

(* = services.pass_gates.PassGates.take, adapters.dynamodb.gate_store.PersonStore.stamp *)
Stamps(d) ==
  /\ disp[d].pc = "stamp"
  /\ LET r == disp[d].r
         s == stamp[PersonOf(r)]
     IN IF ~s.run \/ (s.by = r /\ ~disp[d].doubt) \/ ~On("person_gate")
        THEN /\ stamp' = [stamp EXCEPT ![PersonOf(r)] = [by |-> r, run |-> TRUE, tok |-> d]]
             /\ disp' = [disp EXCEPT ![d].pc = "take", ![d].fresh = TRUE,
                                         ![d].by = s.by, ![d].run = s.run]
             /\ rec' = rec /\ plan' = plan /\ gate' = gate
        ELSE stamp' = stamp /\ ReleasesAs(d, [disp EXCEPT ![d] = Idle], gate)
  /\ UNCHANGED <<head, laid, lane, walker, server, phone, watch, left>>

IsOpen(c) ==
  /\ gate.live = c /\ (gate.st = "active" \/ ~On("gate_is_active"))
  /\ gate.busy = None \/ RunsOut(gate.busy) \/ ~On("busy_mark")
  /\ ~gate.gap \/ ~On("gap")

(* Another copy of this very job is at it: nothing to give back.            *)
(* = adapters.dynamodb.gate_store.GateStore.take, services.send_one.SendOne._turned_away *)
Takes(d) ==
  /\ disp[d].pc = "take"
  /\ LET r == disp[d].r
         isOwn == gate.busy /= None /\ ~RunsOut(gate.busy) /\ gate.holder = r /\ disp[d].cur
     IN IF IsOpen(CampaignOf(r))
        THEN /\ gate' = [gate EXCEPT !.busy = d, !.holder = IF disp[d].cur THEN r ELSE 0, !.gap = TRUE]
             /\ disp' = [disp EXCEPT ![d].pc = "claim"]
        ELSE /\ gate' = gate
             /\ disp' = [disp EXCEPT ![d].pc = "unstamp", ![d].fresh = FALSE,
                                         ![d].out = IF isOwn THEN None ELSE "release"]
  /\ UNCHANGED <<head, laid, lane, stamp, rec, plan, walker, server, phone, watch, left>>

(* = services.send_one.SendOne._claim, services.settle_delivery.SettleDelivery.claim *)
Claims(d) ==
  /\ disp[d].pc = "claim"
  /\ LET r == disp[d].r
         refused == [disp EXCEPT ![d].pc = "ungate", ![d].fresh = FALSE]
         mayResend == (gate.known /\ rec[r].under) \/ ~On("claimed_under")
         isAsRead == (disp[d].cur \/ ~On("plan_number")) /\ rec[r].st = disp[d].st
     IN IF disp[d].st = "unknown" /\ ~mayResend
        THEN ReleasesAs(d, refused, gate)
        ELSE /\ IF isAsRead \/ ~On("claim")
                THEN /\ rec' = [rec EXCEPT ![r].st = "sending", ![r].lease = d, ![r].due = "no",
                                           ![r].under = gate.known]
                     /\ disp' = [disp EXCEPT ![d].pc = IF OptOuts > 0 THEN "look" ELSE "leave"]
                ELSE rec' = rec /\ disp' = refused
             /\ plan' = plan /\ gate' = gate
  /\ UNCHANGED <<head, laid, lane, stamp, walker, server, phone, watch, left>>

(* A claim whose request did not leave is given back under its own lease.   *)
(* = services.settle_delivery.SettleDelivery.release_claimed *)
GivesBack(d) ==
  LET r == disp[d].r
      next == [disp EXCEPT ![d].pc = "ungate", ![d].fresh = FALSE]
  IN IF rec[r].st = "sending" /\ rec[r].lease = d
     THEN rec' = [rec EXCEPT ![r] = Released(@)] /\ disp' = StaleHands(next, r)
          /\ plan' = StalePlans(plan, r) /\ gate' = StaleHolder(gate, r)
     ELSE rec' = rec /\ disp' = next /\ plan' = plan /\ gate' = gate

(* Who opted out is skipped, unless an earlier try may have been sent.      *)
(* = services.send_one.SendOne._last_look, services.settle_delivery.SettleDelivery.end *)
Looks(d) ==
  /\ disp[d].pc = "look"
  /\ LET r == disp[d].r
         isOut == watch.opt[PersonOf(r)] /= "no" /\ On("suppression")
     IN IF ~isOut
        THEN rec' = rec /\ disp' = [disp EXCEPT ![d].pc = "leave"] /\ plan' = plan /\ gate' = gate
        ELSE IF rec[r].doubt THEN GivesBack(d)
        ELSE /\ rec' = IF rec[r].lease = d THEN [rec EXCEPT ![r] = Finished(@, "skipped")] ELSE rec
             /\ disp' = [disp EXCEPT ![d].pc = "ungate", ![d].fresh = FALSE]
             /\ plan' = plan /\ gate' = gate
  /\ UNCHANGED <<head, laid, lane, stamp, walker, server, phone, watch, left>>

(* Within a second of its gates, or not at all.                             *)
(* = services.send_one.SendOne._send, services.make_request.MakeRequest.__call__ *)
Leaves(d) ==
  /\ disp[d].pc = "leave"
  /\ LET r == disp[d].r
         p == PersonOf(r)
         isStopped == watch.stop[CampaignOf(r)] = "over" \/ watch.opt[p] = "over"
     IN IF disp[d].fresh \/ ~On("one_second")
        THEN /\ server' = [server EXCEPT !.works = @ \cup {<<d, r>>}]
             /\ disp' = [disp EXCEPT ![d].pc = "wait", ![d].fresh = FALSE]
             /\ watch' = [watch EXCEPT !.left = TRUE, !.sent = @ \cup {p}, !.broken = @
                  \cup (IF isStopped THEN {"rule 6"} ELSE {})
                  \cup (IF watch.left THEN {"rule 4, gap"} ELSE {})
                  \cup (IF p \in watch.sent THEN {"rule 3"} ELSE {})]
             /\ rec' = rec /\ plan' = plan /\ gate' = gate
        ELSE server' = server /\ watch' = watch /\ GivesBack(d)
  /\ UNCHANGED <<head, laid, lane, stamp, walker, phone, left>>

(* Proof counts whoever holds the lease; anything else only under one's own.*)
(* = services.settle_delivery.SettleDelivery.settle, domain.settlement.decide_settlement *)
Settles(d) ==
  /\ disp[d].pc = "settle"
  /\ LET r == disp[d].r
         out == disp[d].out
         next == [disp EXCEPT ![d].pc = "free"]
         isHeld == rec[r].st = "sending" /\ rec[r].lease = d
         canTry == rec[r].tries < Faults /\ ~rec[r].doubt
         after == CASE out \in {"own id", "other id"} -> Finished(rec[r], "sent")
                    [] out = "doubt" -> Doubted(rec[r])
                    [] out = "refused" /\ rec[r].doubt -> Doubted(rec[r])
                    [] out = "refused" -> Finished(rec[r], "failed")
                    [] out = "again" /\ rec[r].doubt -> Doubted(rec[r])
                    [] out = "again" /\ head[CampaignOf(r)] = "cancelled" -> Finished(rec[r], "skipped")
                    [] out = "again" /\ canTry -> [Released(rec[r]) EXCEPT !.tries = @ + 1]
                    [] OTHER -> Finished(rec[r], "failed")
     IN IF after.st = "sent"
        THEN /\ rec' = IF rec[r].st \in {"failed", "skipped"} THEN rec ELSE [rec EXCEPT ![r] = after]
             /\ disp' = next /\ plan' = plan /\ gate' = gate
        ELSE IF ~isHeld THEN rec' = rec /\ disp' = next /\ plan' = plan /\ gate' = gate
        ELSE /\ rec' = [rec EXCEPT ![r] = after]
             /\ IF after.st \in Settled THEN disp' = next /\ plan' = plan /\ gate' = gate
                ELSE /\ disp' = StaleHands(next, r)
                     /\ plan' = StalePlans(plan, r)
                     /\ gate' = StaleHolder(gate, r)
  /\ UNCHANGED <<head, laid, lane, stamp, walker, server, phone, watch, left>>

(* The request left: its mark goes, and what the answer told is noted.      *)
(* = services.pass_gates.PassGates.settle, adapters.dynamodb.gate_store.GateStore.settle *)
Frees(d) ==
  /\ disp[d].pc = "free"
  /\ LET out == disp[d].out
         known == IF out \in {"own id", "other id"} THEN out = "own id" ELSE gate.known
     IN gate' = IF gate.busy = d
                THEN [gate EXCEPT !.busy = None, !.holder = 0, !.known = known] ELSE gate
  /\ IF disp[d].out \in {"refused", "again"}
     THEN /\ disp' = [disp EXCEPT ![d].pc = "unstamp", ![d].out = None]
          /\ rec' = rec /\ stamp' = stamp
     ELSE /\ disp' = [disp EXCEPT ![d] = Idle]
          /\ rec' = Deleted(d, rec) /\ stamp' = ForgottenStamps(d)
  /\ UNCHANGED <<head, laid, lane, plan, walker, server, phone, watch, left>>

(* It did not leave: mark, gap and count go back by the pass's own token.   *)
(* = services.pass_gates.PassGates.undo *)
Ungates(d) ==
  /\ disp[d].pc = "ungate"
  /\ gate' = IF gate.busy = d
             THEN [gate EXCEPT !.busy = None, !.holder = 0, !.gap = FALSE] ELSE gate
  /\ disp' = [disp EXCEPT ![d].pc = "unstamp"]
  /\ UNCHANGED <<head, laid, lane, stamp, rec, plan, walker, server, phone, watch, left>>

(* = adapters.dynamodb.gate_store.PersonStore.undo *)
Unstamps(d) ==
  /\ disp[d].pc = "unstamp"
  /\ LET p == PersonOf(disp[d].r)
         idle == [disp EXCEPT ![d] = Idle]
     IN /\ stamp' = IF stamp[p].tok = d
                    THEN [stamp EXCEPT ![p] = [by |-> disp[d].by, run |-> disp[d].run, tok |-> None]]
                    ELSE stamp
        /\ IF disp[d].out = "release"
           THEN ReleasesAs(d, idle, Forgotten(d, gate))
           ELSE /\ rec' = Deleted(d, rec) /\ disp' = idle
                /\ plan' = plan /\ gate' = Forgotten(d, gate)
  /\ UNCHANGED <<head, laid, lane, walker, server, phone, watch, left>>

-----------------------------------------------------------------------------
(* The walk, and reconciliation: each is one write, guarded by what it read.*)

Vanished(r) ==
  /\ ~rec[r].job
  /\ \A d \in Dispatchers : disp[d].r /= r \/ ~disp[d].cur
  /\ \A p \in Planners : r \notin (plan[p].new \cup plan[p].again) \ plan[p].old

(* = services.walk_mark.WalkMark._look_at, domain.recipient_changes.lease_expired *)
ExpiresLease(r) ==
  /\ rec[r].st = "sending" /\ RunsOut(rec[r].lease) /\ On("walk")
  /\ rec' = [rec EXCEPT ![r] = IF On("expiry_is_doubt") THEN Doubted(@) ELSE Released(@)]
  /\ RaisedElsewhere(r)
  /\ UNCHANGED <<head, laid, lane, stamp, walker, server, phone, watch, left>>

WasPlanned(r) ==
  /\ rec[r].st = "pending"
  /\ rec[r].due = "planned" \/ (rec[r].due = "no" /\ Sequence(r) < lane[CampaignOf(r)])

(* Ten minutes past its slot its job is gone; a spell may have held it.     *)
(* = domain.walking.judge, domain.recipient_changes.released *)
Requeues(r) ==
  /\ WasPlanned(r) /\ head[CampaignOf(r)] \in Live /\ On("requeue")
  /\ IF Vanished(r) THEN left' = left ELSE Spend("spell")
  /\ rec' = [rec EXCEPT ![r] = Released(@)]
  /\ RaisedElsewhere(r)
  /\ UNCHANGED <<head, laid, lane, stamp, walker, server, phone, watch>>

(* = domain.recipient_changes.ended *)
Skips(r) ==
  /\ rec[r].st = "pending" /\ head[CampaignOf(r)] = "cancelled" /\ r \in laid
  /\ rec' = [rec EXCEPT ![r] = Finished(@, "skipped")]
  /\ UNCHANGED <<head, laid, gate, lane, stamp, disp, plan, walker, server, phone, watch, left>>

(* = domain.reconciling.is_resend_under_way *)
IsLookedFor(r) ==
  /\ rec[r].st = "unknown"
  /\ \/ head[CampaignOf(r)] = "cancelled"
     \/ rec[r].due = "no"
     \/ rec[r].due = "planned" /\ Vanished(r)

(* = services.reconcile.Reconcile._take *)
Finds(r) ==
  /\ IsLookedFor(r) /\ phone[r].shown > 0
  /\ rec' = [rec EXCEPT ![r] = Finished(@, "sent")]
  /\ UNCHANGED <<head, laid, gate, lane, stamp, disp, plan, walker, server, phone, watch, left>>

(* = services.reconcile.Reconcile._unconfirm *)
Unconfirms(r) ==
  /\ IsLookedFor(r)
  /\ rec' = [rec EXCEPT ![r] = Finished(@, "unconfirmed")]
  /\ UNCHANGED <<head, laid, gate, lane, stamp, disp, plan, walker, server, phone, watch, left>>

(* Not found proves nothing: the same id again, where it is shown once.     *)
(* = domain.reconciling.decide, services.reconcile.Reconcile._plan_again *)
Resends_(r) ==
  /\ IsLookedFor(r) /\ rec[r].resent < Resends /\ head[CampaignOf(r)] \in Live
  /\ watch.opt[PersonOf(r)] = "no"
  /\ server.is = "new" \/ ~On("version_asked")
  /\ (gate.known /\ rec[r].under) \/ ~On("claimed_under")
  /\ rec' = [rec EXCEPT ![r] = [Raised(@) EXCEPT !.due = "retry", !.resent = @ + 1]]
  /\ RaisedElsewhere(r)
  /\ UNCHANGED <<head, laid, lane, stamp, walker, server, phone, watch, left>>

(* An ack with our id proves the send.                                      *)
(* = services.take_ack.TakeAck.__call__, services.advance_recipient.AdvanceRecipient.__call__ *)
Acks(r) ==
  /\ phone[r].id /\ rec[r].st \in {"sending", "unknown", "unconfirmed"}
  /\ rec' = [rec EXCEPT ![r] = Finished(@, "sent")]
  /\ UNCHANGED <<head, laid, gate, lane, stamp, disp, plan, walker, server, phone, watch, left>>

(* The mark has come to the end: seen in one read, written in another call. *)
(* = services.walk_mark.WalkMark.walk *)
SeesEnd(c) ==
  /\ head[c] = "active" /\ walker[c] = {}
  /\ \A r \in laid : CampaignOf(r) = c =>
       rec[r].st \in Settled \/ (~On("walk_judges") /\ Sequence(r) < lane[c])
  /\ walker' = [walker EXCEPT ![c] = laid]
  /\ UNCHANGED <<head, laid, gate, lane, stamp, rec, disp, plan, server, phone, watch, left>>

(* = services.visit_lane.VisitLane._complete, adapters.dynamodb.campaign_store.CampaignStore.end *)
Completes(c) ==
  /\ walker[c] /= {}
  /\ walker' = [walker EXCEPT ![c] = {}]
  /\ IF head[c] = "active" /\ (walker[c] = laid \/ ~On("total_version"))
     THEN /\ head' = [head EXCEPT ![c] = "completed"]
          /\ gate' = IF gate.live = c THEN [gate EXCEPT !.live = 0, !.st = None] ELSE gate
     ELSE head' = head /\ gate' = gate
  /\ UNCHANGED <<laid, lane, stamp, rec, disp, plan, server, phone, watch, left>>

-----------------------------------------------------------------------------
(* What people do: one transaction each, over the head and the gate.        *)

(* = services.start_campaign.StartCampaign._take_instance, adapters.dynamodb.campaign_store.CampaignStore.start *)
Starts(c) ==
  /\ head[c] = "draft" /\ (gate.live = 0 \/ ~On("one_live"))
  /\ head' = [head EXCEPT ![c] = "active"]
  /\ gate' = [gate EXCEPT !.live = c, !.st = "active"]
  /\ UNCHANGED <<laid, lane, stamp, rec, disp, plan, walker, server, phone, watch, left>>

(* = services.pause_campaign.PauseCampaign._pause, adapters.dynamodb.campaign_store.CampaignStore.pause *)
PausesIt(c) ==
  /\ head[c] = "active" /\ gate.live = c /\ Spend("pause")
  /\ head' = [head EXCEPT ![c] = "paused"]
  /\ gate' = [gate EXCEPT !.st = "paused"]
  /\ watch' = [watch EXCEPT !.stop[c] = "now"]
  /\ UNCHANGED <<laid, lane, stamp, rec, disp, plan, walker, server, phone>>

(* = services.run_campaign.RunCampaign.resume, adapters.dynamodb.campaign_store.CampaignStore.resume *)
ResumesIt(c) ==
  /\ head[c] = "paused" /\ gate.live = c
  /\ head' = [head EXCEPT ![c] = "active"]
  /\ gate' = [gate EXCEPT !.st = "active"]
  /\ plan' = [p \in Planners |-> IF plan[p].c = c THEN [plan[p] EXCEPT !.ver = FALSE] ELSE plan[p]]
  /\ watch' = [watch EXCEPT !.stop[c] = "no"]
  /\ UNCHANGED <<laid, lane, stamp, rec, disp, walker, server, phone, left>>

(* = services.run_campaign.RunCampaign.cancel *)
CancelsIt(c) ==
  /\ head[c] \in Live /\ gate.live = c /\ Spend("cancel")
  /\ head' = [head EXCEPT ![c] = "cancelled"]
  /\ gate' = [gate EXCEPT !.live = 0, !.st = None]
  /\ watch' = [watch EXCEPT !.stop[c] = "now"]
  /\ UNCHANGED <<laid, lane, stamp, rec, disp, plan, walker, server, phone>>

(* = services.add_recipients.AddRecipients.add *)
AddsOne(r) ==
  /\ r \notin laid /\ head[CampaignOf(r)] \in Live /\ Spend("add")
  /\ laid' = laid \cup {r}
  /\ UNCHANGED <<head, gate, lane, stamp, rec, disp, plan, walker, server, phone, watch>>

(* = services.take_inbound.TakeInbound.__call__ *)
OptsOut(p) ==
  /\ watch.opt[p] = "no" /\ Spend("opt")
  /\ watch' = [watch EXCEPT !.opt[p] = "now"]
  /\ UNCHANGED <<head, laid, gate, lane, stamp, rec, disp, plan, walker, server, phone>>

-----------------------------------------------------------------------------
(* Evolution: shows a request, refuses it, or goes on when nobody waits.    *)

Heard(w, out) == IF w[1] = Ghost THEN disp
                 ELSE [disp EXCEPT ![w[1]].pc = "settle", ![w[1]].out = out]

(* = world *)
Shows(w) ==
  LET r == w[2]
      isOwnId == server.is = "new"
      isRepeat == isOwnId /\ phone[r].id
  IN /\ server' = [server EXCEPT !.works = @ \ {w}]
     /\ phone' = [phone EXCEPT ![r] = [shown |-> IF isRepeat THEN @.shown ELSE @.shown + 1,
                                       id |-> @.id \/ isOwnId]]
     /\ \E out \in {IF isOwnId THEN "own id" ELSE "other id", "doubt"} :   \* the answer may be lost
          disp' = Heard(w, out)
     /\ UNCHANGED <<head, laid, gate, lane, stamp, rec, plan, walker, watch, left>>

(* = world *)
Refuses(w) ==
  /\ Spend("fault")
  /\ server' = [server EXCEPT !.works = @ \ {w}]
  /\ \E out \in {"refused", "again", "doubt"} :
       /\ disp' = Heard(w, out)
       \* What is known not to have been sent is no send to this person.
       /\ watch' = IF out = "doubt" THEN watch ELSE [watch EXCEPT !.sent = @ \ {PersonOf(w[2])}]
  /\ UNCHANGED <<head, laid, gate, lane, stamp, rec, plan, walker, phone>>

(* = world *)
TimesOut(w) ==
  /\ w[1] /= Ghost
  /\ Spend("fault")
  /\ server' = [server EXCEPT !.works = (@ \ {w}) \cup {<<Ghost, w[2]>>}]
  /\ disp' = Heard(w, "doubt")
  /\ UNCHANGED <<head, laid, gate, lane, stamp, rec, plan, walker, phone, watch>>

(* Another version behind the same address, once its requests are over: not *)
(* while a resend is leaving.                                               *)
(* = world *)
ChangesVersion ==
  /\ server.works = {}
  /\ \A d \in Dispatchers : disp[d].st /= "unknown"
  /\ Spend("change")
  /\ server' = [server EXCEPT !.is = IF @ = "old" THEN "new" ELSE "old"]
  /\ UNCHANGED <<head, laid, gate, lane, stamp, rec, disp, plan, walker, phone, watch>>

-----------------------------------------------------------------------------
(* Bad luck, and time.                                                      *)

(* = world *)
Crashes_(d) ==
  /\ disp[d].pc /= "idle" /\ Spend("crash")
  /\ disp' = [disp EXCEPT ![d] = Idle]
  /\ gate' = Forgotten(d, gate)
  /\ stamp' = ForgottenStamps(d)
  /\ rec' = ForgottenLeases(d)
  /\ server' = [server EXCEPT !.works = Orphaned(d)]
  /\ UNCHANGED <<head, laid, lane, plan, walker, phone, watch>>

(* = world *)
PlannerCrashes(p) ==
  /\ plan[p].pc /= "idle" /\ Spend("crash")
  /\ plan' = [plan EXCEPT ![p] = Rest]
  /\ UNCHANGED <<head, laid, gate, lane, stamp, rec, disp, walker, server, phone, watch>>

(* = world *)
LosesJob(r) ==
  /\ rec[r].job /\ Spend("loss")
  /\ rec' = [rec EXCEPT ![r].job = FALSE]
  /\ UNCHANGED <<head, laid, gate, lane, stamp, disp, plan, walker, server, phone, watch>>

Later(w) == [w EXCEPT !.left = FALSE,
               !.stop = [c \in Campaigns |-> IF @[c] = "now" THEN "over" ELSE @[c]],
               !.opt = [p \in People |-> IF @[p] = "now" THEN "over" ELSE @[p]]]
(* A second is short: only a slow spell lets one pass inside a pass.        *)
Hurried == \E d \in Dispatchers : disp[d].fresh

(* A second, or a gap, since everything that was before.                    *)
(* = domain.gates.judge_instance_gate *)
Second ==
  /\ Hurried \/ gate.gap \/ Later(watch) /= watch
  /\ IF Hurried THEN Spend("spell") ELSE left' = left
  /\ disp' = [d \in Dispatchers |-> [disp[d] EXCEPT !.fresh = FALSE]]
  /\ gate' = [gate EXCEPT !.gap = FALSE]
  /\ watch' = Later(watch)
  /\ UNCHANGED <<head, laid, lane, stamp, rec, plan, walker, server, phone>>

(* A person's pause: Evolution has done with all that left before it.       *)
(* = services.pass_gates.person_gap_ms *)
Minute ==
  /\ server.works = {} /\ ~Hurried /\ ~gate.gap /\ Later(watch) = watch
  /\ watch.sent /= {} \/ \E p \in People : stamp[p].run
  /\ stamp' = [p \in People |-> [stamp[p] EXCEPT !.run = FALSE, !.by = 0]]
  /\ disp' = [d \in Dispatchers |-> [disp[d] EXCEPT !.run = FALSE, !.by = 0]]
  /\ watch' = [watch EXCEPT !.sent = {}]
  /\ UNCHANGED <<head, laid, gate, lane, rec, plan, walker, server, phone, left>>

-----------------------------------------------------------------------------
Planning == \E p \in Planners :
  \/ \E c \in Campaigns : PlanReads(p, c) \/ PassesOver(p, c)
  \/ PlanSends(p) \/ PlanMarks(p) \/ PlanAdvances(p)

Goes(d) ==
  \/ Stamps(d) \/ Takes(d) \/ Claims(d) \/ Looks(d) \/ Leaves(d)
  \/ Settles(d) \/ Frees(d) \/ Ungates(d) \/ Unstamps(d)

Next ==
  \/ Planning
  \/ \E d \in Dispatchers : Goes(d) \/ Crashes_(d) \/ \E r \in Recipients : Receives(d, r)
  \/ \E r \in Recipients :
       \/ ExpiresLease(r) \/ Requeues(r) \/ Skips(r) \/ Finds(r) \/ Unconfirms(r) \/ Resends_(r)
       \/ Acks(r) \/ AddsOne(r) \/ LosesJob(r)
  \/ \E c \in Campaigns :
       SeesEnd(c) \/ Completes(c) \/ Starts(c) \/ PausesIt(c) \/ ResumesIt(c) \/ CancelsIt(c)
  \/ \E p \in People : OptsOut(p)
  \/ \E w \in server.works : Shows(w) \/ Refuses(w) \/ TimesOut(w)
  \/ \E p \in Planners : PlannerCrashes(p)
  \/ ChangesVersion \/ Second \/ Minute

Symmetry == Permutations(Dispatchers) \cup Permutations(Planners)
Safety == Init /\ [][Next]_vars

(* Nobody and nothing stands still for ever, but nobody has to be lucky:    *)
(* no crash, pause, loss or ack has to come. A grace that ends, ends.       *)
Fairness ==
  /\ WF_vars(Planning) /\ SF_vars(Second) /\ SF_vars(Minute)
  /\ \A d \in Dispatchers : WF_vars(Goes(d))
  /\ \A r \in Recipients :
       /\ SF_vars(\E d \in Dispatchers : Receives(d, r))
       /\ WF_vars(ExpiresLease(r)) /\ WF_vars(Requeues(r)) /\ WF_vars(Skips(r)) /\ SF_vars(Unconfirms(r))
  /\ \A c \in Campaigns : WF_vars(SeesEnd(c)) /\ WF_vars(Completes(c)) /\ WF_vars(ResumesIt(c))
  /\ WF_vars(\E w \in server.works : Shows(w))
Spec == Safety /\ Fairness

-----------------------------------------------------------------------------
(* The rules.                                                               *)

NeverTwice == \A r \in Recipients : phone[r].shown <= 1
NeverLost == \A r \in laid : head[CampaignOf(r)] = "completed" => rec[r].st \in Settled
NeverHammered == "rule 3" \notin watch.broken
OneInFlight == Cardinality({d \in Dispatchers : disp[d].pc = "wait"}) <= 1
HumanPace == "rule 4, gap" \notin watch.broken
StopMeansStop == "rule 6" \notin watch.broken
OneLive ==
  /\ Cardinality({c \in Campaigns : head[c] \in Live}) <= 1
  /\ \A c \in Campaigns : head[c] \in Live <=> gate.live = c
(* Who is told failed or skipped was not shown the message, and will not be.*)
ToldTruly == \A r \in Recipients : rec[r].st \in {"failed", "skipped"} =>
  phone[r].shown = 0 /\ \A w \in server.works : w[2] /= r
(* The walk's requeue is for jobs that the queue lost: a crash needs it not.*)
OnlyLostAreRequeued == \A r \in laid :
  WasPlanned(r) /\ Vanished(r) /\ head[CampaignOf(r)] \in Live => left.loss < Losses \/ left.copy < Copies
(* Whatever went wrong before, it comes to its end.                         *)
Ends == <>[](\A c \in Campaigns :
  \/ head[c] = "draft"
  \/ head[c] \in {"completed", "cancelled"} /\ \A r \in laid : CampaignOf(r) = c => rec[r].st \in Settled)
=============================================================================
