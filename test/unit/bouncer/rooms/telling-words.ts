// A phone that comes back to a room in which a laptop of the same account has stayed: what the tests of that share.

import { expect } from "vitest";
import { AccountWorld, FULL } from "../../../support/account-world.ts";
import { parse } from "../../../support/xml-shape.ts";
import { join, occupant, ROOM, says, subject } from "./words.ts";

export const PHONE = "alice/phone";

export const to = (xml: string): string => xml.replaceAll("$full", FULL);

export function range(from: number, through: number): number[] {
  return Array.from({ length: Math.max(0, through - from + 1) }, (_, index) => from + index);
}

export function entered(world: AccountWorld): void {
  world.upstreamSends(to(occupant("al", [110])));
  world.upstreamSends(to(subject("Tea")));
}

/** The laptop is in the room, and stays. */
export function stays(world = new AccountWorld()): AccountWorld {
  world.attach("laptop", "desk");
  world.send("laptop", "<presence/>");
  world.send("laptop", join("al"));
  entered(world);
  return world;
}

export function hears(world: AccountWorld, from: number, through = from): void {
  for (const number of range(from, through)) world.upstreamSends(to(says("bob", String(number))));
}

export function comes(world: AccountWorld, client = PHONE, history = ""): void {
  world.attach(client, "phone");
  world.send(client, "<presence/>");
  world.send(client, join("al", history));
}

/** What comes to a client of a room: numbers that were said, and "Tea", the subject. */
export function take(world: AccountWorld, client = PHONE, room = ROOM): (number | string)[] {
  const told: (number | string)[] = [];
  for (let frame = world.next(client); frame !== undefined; frame = world.next(client)) {
    const message = parse(frame);
    const body = message.getChildText("body");
    const isOfRoom = message.is("message") && message.attrs.from?.startsWith(room) === true;
    if (isOfRoom && body !== null) told.push(Number(body));
    else if (isOfRoom && message.getChild("subject")) told.push(message.getChildText("subject") ?? "");
  }
  return told;
}

/** Takes everything, acknowledging each page. */
export function takeAll(world: AccountWorld, client = PHONE): (number | string)[] {
  const told: (number | string)[] = [];
  for (let page = take(world, client); page.length > 0; page = take(world, client)) {
    told.push(...page);
    world.acknowledge(client);
  }
  return told;
}

/** The phone was in the room, has heard 1 to 3, and is gone for good. */
export function wasThere(): AccountWorld {
  const world = stays();
  comes(world);
  hears(world, 1, 3);
  expect(takeAll(world)).toEqual(["Tea", 1, 2, 3]);
  world.leave(PHONE);
  return world;
}
