// Drives Tryton's web client in Chromium as a user does, and tells as JSON what was on the page.
// node web_client.cjs PLAYWRIGHT BASE DATABASE LOGIN PASSWORD PARTY_ID FOLDER
const [, , playwright, base, database, login, password, party, folder] = process.argv;
const { chromium } = require(playwright);

let page;

async function main() {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  const context = await browser.newContext({ viewport: { width: 1500, height: 1300 } });
  page = await context.newPage();
  page.setDefaultTimeout(90000);
  const outside = [], errors = [], seen = {};
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(base + '/') && !/^(data|blob):/.test(url)) outside.push(url);
  });
  page.on('pageerror', (error) => errors.push(error.message));
  const text = async () => (await page.locator('body').innerText()) +
    (await page.evaluate(() => [...document.querySelectorAll('input, textarea')]
      .filter((each) => each.offsetParent).map((each) => '\n' + each.value).join('')));

  await page.goto(`${base}/#${database}${process.env.LISTS ? '' : `/model/party.party/${party}`}`);
  // the form does nothing until the list of databases has come
  await page.waitForFunction(() => [...document.querySelectorAll('#database')]
    .some((each) => each.offsetParent && each.value));
  await page.fill('#login', login);
  await page.press('#login', 'Enter');
  await page.fill('input[type=password]', password);
  await page.press('input[type=password]', 'Enter');
  if (process.env.LISTS) {
    const menu = page.locator('tr').filter({ hasText: 'Key Accounts' }).first();
    await menu.locator('.expander, img, svg').first().click();
    await page.getByText('Next Actions', { exact: true }).first().click();
    const rows = page.locator('tbody tr').filter({ has: page.getByRole('button', { name: 'Done' }) });
    for (const [label, count] of Object.entries(JSON.parse(process.env.LISTS))) {
      await page.getByRole('tab', { name: new RegExp(label) }).click();
      // the list comes a moment after the tab
      const deadline = Date.now() + 90000;
      while ((await rows.count()) !== count && Date.now() < deadline) await page.waitForTimeout(50);
      seen[label] = await rows.count();
    }
    await page.screenshot({ path: `${folder}/actions.png` });
    await page.getByText('Parties by Class', { exact: true }).first().click();
    await page.getByRole('tab', { name: /Prospects/ }).waitFor();
    await page.locator('tbody tr').filter({ hasText: 'Key account' }).filter({ hasText: 'Acme' }).first().waitFor();
    await browser.close();
    console.log(JSON.stringify({ outside, errors, seen }));
    return;
  }
  const tab = page.getByRole('tab', { name: process.env.TAB });
  await tab.click();
  const actions = page.locator('tr').filter({ has: page.getByRole('button', { name: process.env.ACCEPT }) });
  await actions.first().waitFor();
  // each list is read by itself
  await page.waitForFunction((wanted) => document.body.innerText.includes(wanted), process.env.SCORE);
  seen.page = await text();
  await page.screenshot({ path: `${folder}/page.png` });
  for (const [name, label] of Object.entries(JSON.parse(process.env.TABS))) {
    await page.getByRole('tab', { name: label, exact: true }).click();
    await page.waitForFunction((wanted) => document.body.innerText.includes(wanted), JSON.parse(process.env.WAITS)[name]);
    seen[name] = await text();
    await page.screenshot({ path: `${folder}/${name}.png` });
  }
  if (process.env.ANSWER) {
    seen.before = await actions.count();
    // in a list of Tryton the first click selects the row
    await actions.first().getByRole('button', { name: process.env.ACCEPT }).click();
    await actions.first().getByRole('button', { name: process.env.ACCEPT }).click();
    await page.waitForFunction((wanted) => document.body.innerText.includes(wanted), process.env.ACCEPTED);
    seen.accepted = await text();
    await page.getByRole('button', { name: 'Recompute' }).click();
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.waitForFunction(() => [...document.querySelectorAll('textarea')]
      .some((each) => each.value.includes('## ')));
    seen.explanation = await text();
    await page.screenshot({ path: `${folder}/explanation.png` });
  }
  await browser.close();
  console.log(JSON.stringify({ outside, errors, seen }));
}

main().catch(async (error) => {
  console.error(error);
  if (page) {
    await page.screenshot({ path: `${folder}/failed.png` });
    console.error(await page.locator('body').innerText());
  }
  process.exit(1);
});
