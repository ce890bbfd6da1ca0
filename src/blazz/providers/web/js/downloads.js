/** Downloads files of messages, in pieces: one answer could not carry a large one. */

const { blazz } = window;
const open = new Map();
let last = 0;

blazz.openFile = async ({ message }) => {
  const found = await blazz.messages.need(message);
  const blob = await WPP.chat.downloadMedia(blazz.people.text(found.id));
  open.set(++last, blob);
  return { file: last, size: blob.size, type: blob.type };
};

blazz.readFile = ({ file, from, to }) =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(',') + 1));
    reader.onerror = () => reject(blazz.fail('unreadable', 'the file cannot be read'));
    reader.readAsDataURL(open.get(file).slice(from, to));
  });

blazz.closeFile = ({ file }) => void open.delete(file);
