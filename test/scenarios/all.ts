// Every scenario there is; a new one is added here. Played against the policy by test/unit/bouncer/scenarios.test.ts, and
// end to end by test/interop/scenarios.test.ts.

import type { Scenario } from "../support/scenario.ts";
import { scenario as avatarItem } from "./avatar-item.ts";
import { scenario as avatar } from "./avatar.ts";
import { scenario as blocking } from "./blocking.ts";
import { scenario as breaksOff } from "./breaks-off.ts";
import { scenario as call } from "./call.ts";
import { scenario as chatStates } from "./chat-states.ts";
import { scenario as deviceAgain } from "./device-again.ts";
import { scenario as directedPresence } from "./directed-presence.ts";
import { scenario as errors } from "./errors.ts";
import { scenario as fanOut } from "./fan-out.ts";
import { scenario as inactive } from "./inactive.ts";
import { scenario as oneAnswer } from "./one-answer.ts";
import { scenario as oneReceipt } from "./one-receipt.ts";
import { scenario as outage } from "./outage.ts";
import { scenario as ownMessages } from "./own-messages.ts";
import { scenario as pep } from "./pep.ts";
import { scenario as presence } from "./presence.ts";
import { scenario as presenceError } from "./presence-error.ts";
import { scenario as question } from "./question.ts";
import { scenario as reset } from "./reset.ts";
import { scenario as room } from "./room.ts";
import { scenario as roomLateJoiner } from "./room-late-joiner.ts";
import { scenario as roomHistory } from "./room-history.ts";
import { scenario as roomLeaving } from "./room-leaving.ts";
import { scenario as roomNickname } from "./room-nickname.ts";
import { scenario as roomPresence } from "./room-presence.ts";
import { scenario as roomPutOut } from "./room-put-out.ts";
import { scenario as roomRanks } from "./room-ranks.ts";
import { scenario as roomArchive } from "./room-archive.ts";
import { scenario as roomInvitations } from "./room-invitations.ts";
import { scenario as roomMembersOnly } from "./room-members-only.ts";
import { scenario as roomOwner } from "./room-owner.ts";
import { scenario as roomPassword } from "./room-password.ts";
import { scenario as roomPrivate } from "./room-private.ts";
import { scenario as roomAgain } from "./room-again.ts";
import { scenario as roomBannedMeanwhile } from "./room-banned-meanwhile.ts";
import { scenario as roomBookmarked } from "./room-bookmarked.ts";
import { scenario as roomNicknameTaken } from "./room-nickname-taken.ts";
import { scenario as roomPinned } from "./room-pinned.ts";
import { scenario as roomForgotten } from "./room-forgotten.ts";
import { scenario as roomServiceDown } from "./room-service-down.ts";
import { scenario as roomSilence } from "./room-silence.ts";
import { scenario as rosterEdit } from "./roster-edit.ts";
import { scenario as stored } from "./stored.ts";
import { scenario as subscription } from "./subscription.ts";

export const SCENARIOS: readonly Scenario[] = [
  avatar,
  avatarItem,
  blocking,
  breaksOff,
  call,
  chatStates,
  deviceAgain,
  directedPresence,
  errors,
  fanOut,
  inactive,
  oneAnswer,
  oneReceipt,
  outage,
  ownMessages,
  pep,
  presence,
  presenceError,
  question,
  reset,
  room,
  roomLateJoiner,
  roomHistory,
  roomLeaving,
  roomNickname,
  roomPresence,
  roomPutOut,
  roomRanks,
  roomArchive,
  roomInvitations,
  roomMembersOnly,
  roomOwner,
  roomPassword,
  roomPrivate,
  roomAgain,
  roomBannedMeanwhile,
  roomBookmarked,
  roomNicknameTaken,
  roomPinned,
  roomForgotten,
  roomServiceDown,
  roomSilence,
  rosterEdit,
  stored,
  subscription,
];
