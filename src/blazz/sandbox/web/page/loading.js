/** Taking what the profile holds into memory when a page starts. */

import { chatOf } from './chats.js';
import { learnBlocked, learnContact } from './contacts.js';
import { learnGroup } from './groups.js';
import { showChat } from './history.js';
import { lidPnCache } from './ids.js';
import { recall } from './messages.js';
import { resumeFrom } from './receiving.js';
import * as storage from './storage.js';

/** Load chats, contacts and groups, and of messages only the newest of each chat. */
export async function loadState() {
  const { received } = await storage.readIdentity();
  resumeFrom(received);
  lidPnCache.learn(storage.readWid(), storage.readLid());
  const { contact, group, chat, blocked } = await storage.readTables();
  contact.forEach(({ key, ...row }) => learnContact(row));
  group.forEach(({ key, ...row }) => learnGroup(row));
  learnBlocked(blocked.map(({ key }) => key));
  await Promise.all([...chat].sort((one, other) => other.t - one.t).map(showChat));
  for (const row of await storage.readUnsent()) {
    chatOf(row.chat);
    await recall(row.key);
  }
}
