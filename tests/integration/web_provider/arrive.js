/** Lets something stand in a chat as if WhatsApp had sent it: a story, a notice, what cannot be read yet. */
([type, { chat, id, sender, ...content }]) => {
  const { MsgKey, MsgModel, MsgStore, WidFactory } = WPP.whatsapp;
  const remote = WidFactory.createWid(chat);
  const author = sender && WidFactory.createWid(sender);
  const key = new MsgKey({ fromMe: false, remote, id, participant: author });
  MsgStore.add(new MsgModel({ id: key, from: remote, author, type, t: Math.floor(Date.now() / 1000), isNewMsg: true, ...content }));
  return key.toString();
}
