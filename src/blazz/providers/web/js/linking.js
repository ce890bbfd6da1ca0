/** Linking an account, and logging it out. */

const { blazz } = window;

/** The code that is shown at the moment, or `null`; `idle`: all have expired, none is shown. */
blazz.currentQr = async () => {
  const code = await WPP.conn.getAuthCode().catch(() => null);
  return { data: code?.fullCode ?? null, seconds: WPP.whatsapp.Conn?.refTTL || null, idle: !!WPP.conn.isIdle?.() };
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

const MOST_SECONDS = 15;

/** Log out, and ask again while nothing happens: a page that was linked just now does not listen yet. */
blazz.logOut = async () => {
  for (let tenths = 0; tenths < 10 * MOST_SECONDS && WPP.conn.isAuthenticated(); tenths += 1) {
    // It ends when the logout is done, which may be never.
    if (tenths % 10 === 0) void WPP.conn.logout().catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};
