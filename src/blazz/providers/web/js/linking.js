/** Linking an account, and logging it out. */

const { blazz } = window;

/** The code that is shown at the moment, or `null`. */
blazz.currentQr = async () => {
  const code = await WPP.conn.getAuthCode().catch(() => null);
  return { data: code?.fullCode ?? null, seconds: WPP.whatsapp.Conn?.refTTL || null };
};

/** Show codes again after they have all expired. */
blazz.refreshQr = async () => {
  await WPP.conn.refreshQR();
};

/** Ask for a code that is typed in on the phone; `number`: digits. */
blazz.askForCode = async ({ number }) => ({ code: await WPP.conn.startLinkDeviceCodeForPhoneNumber(number) });

blazz.cancelCode = async () => {
  await WPP.conn.cancelLinkDeviceCode().catch(() => {});
};

blazz.logOut = async () => WPP.conn.logout();
