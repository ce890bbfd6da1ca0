/** What WhatsApp notes in a chat by itself: changes of groups and people, and how calls went. */

const { blazz } = window;
const text = (...its) => blazz.people.text(...its);

const SETTINGS = new Set(['subject', 'description', 'picture']);
const JOINING = { membership_approval_request: true, created_membership_requests: true, revoked_membership_requests: false };

const all = (ids, who) => Promise.all(ids.map((id) => who(id)));

/** A group's new name, description or picture; who is in it is told otherwise. */
async function setting({ id, subtype, body, author, t }, who) {
  const value = subtype === 'picture' ? null : body ?? null;
  return { id: text(id), group: text(id.remote), setting: subtype, value, author: await who(author ?? null), t };
}

async function created({ id, body, author, recipients, t }, who) {
  const members = await all(recipients ?? [], who);
  return { id: text(id), group: text(id.remote), subject: body ?? null, author: await who(author ?? null), members, t };
}

/** Somebody asks to join a group, or was asked for by a member; or no longer. */
async function joining({ id, subtype, author, recipients, t }, who) {
  const members = await all(recipients?.length ? recipients : [author], who);
  return { id: text(id), group: text(id.remote), asked: JOINING[subtype], members, t };
}

/** A person has another number. In a group the notice is by the old one, in their chat it names both. */
async function renumbered({ id, type, author, recipients, templateParams, to, from, body, t }, who) {
  const ids = (templateParams ?? []).map(text);
  const isNew = (one) => one === text(to) || one === text(id.remote);
  const was = type === 'gp2' ? author : ids.find((one) => !isNew(one));
  const now = type === 'gp2' ? recipients?.[0] : ids.find(isNew) ?? to ?? from;
  return { id: text(id), person: await who(was ?? null), now: await who(now ?? null), body: body ?? null, t };
}

async function recoded({ id, author, body, t }, who) {
  return { id: text(id), person: await who(author ?? id.participant ?? id.remote), body: body ?? null, t };
}

const kinds = {
  gp2: (subtype) => {
    if (SETTINGS.has(subtype)) return ['setting', setting];
    if (subtype in JOINING) return ['joining', joining];
    return { create: ['created', created], modify: ['number', renumbered] }[subtype];
  },
  notification_template: (subtype) => (subtype === 'change_number' ? ['number', renumbered] : undefined),
  e2e_notification: (subtype) => (subtype === 'identity' ? ['code', recoded] : undefined),
};

/** The name of a notice's report and what makes it, or nothing where it needs no report. */
const noticeOf = ({ type, subtype }) => (Object.hasOwn(kinds, type) ? kinds[type](subtype) : undefined);

/** Outcomes of a call that still goes on, or that the phone has yet to tell. */
const OPEN = new Set(['Ongoing', 'Unknown']);

const isCall = ({ type }) => type === 'call_log';

/** Act once a call is over, by what its entry in the chat says. */
function whenOver(entry, action) {
  if (OPEN.has(entry.callOutcome)) entry.once('change:callOutcome', () => whenOver(entry, action));
  else action();
}

/** How a call went; older entries tell it by their subtype: `miss`, `miss_video`, … */
async function ended({ id, subtype, callOutcome, callDuration, isVideoCall, callCreator, author, from, t }, who) {
  const told = typeof callOutcome === 'string' ? callOutcome : null; // what is not known yet may be an object
  const outcome = told ?? (/^miss/.test(subtype ?? '') ? 'Missed' : null);
  const chat = text(id.remote);
  const isGroup = chat.endsWith('@g.us');
  const other = isGroup ? callCreator ?? author ?? id.participant ?? from : id.remote;
  return {
    id: id.id, chat, group: isGroup, fromMe: id.fromMe, outcome, video: !!isVideoCall, person: await who(other), t,
    duration: typeof callDuration === 'number' ? callDuration : null,
  };
}

blazz.notices = { noticeOf, isCall, whenOver, ended };
