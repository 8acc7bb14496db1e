/** What people say, what the tools call it, and how much that counts beside a word of the tools' own. */
type Synonyms = readonly [said: string, meant: string, weight?: number];

/**
 * One row a notion of the field, none for a single question. Commas separate phrases; a few words may stand
 * inside what people say, as in "kick the person out", and what is meant by several words is meant by all of them.
 */
export const SYNONYMS: readonly Synonyms[] = [
  // Who
  ["person, people, customer, client, employee, staff, colleague, human, visitor, subscriber", "user, person"],
  ["somebody, someone, anybody, anyone, he, she, him, his, her, they, them, friend", "user, person", 0.4],
  ["account, profile", "user, account"],
  ["everyone, everybody", "list users", 0.6],
  ["member, teammate, participant, belong, belong to, part of, works for", "membership, member"],
  ["team, company, business, firm, tenant, group, department, club", "organization"],
  ["administrator, admin, owner, moderator, editor, rank, job, position, title", "role"],
  ["promote, demote, make an admin, make an administrator, make an owner", "update membership role"],
  ["privilege, capability, may do, allowed to, rights, a right", "permission"],
  ["allow, permit, let, grant", "permission, assign, allowlist, permit, grant", 0.6],
  ["robot, assistant", "agent"],

  // Coming and going
  ["kick out, throw out, expel, evict, shut out, keep out, suspend, block, bar", "ban, delete membership"],
  ["out of the team, out of the company, out of the group", "delete organization membership"],
  ["let back, readmit, forgive, pardon, reinstate, unblock", "unban, unlock"],
  ["for a while, temporarily, for now, short time, freeze", "lock"],
  ["free, unfreeze, too many attempts, mistype, wrong password, too often, locked out", "unlock"],
  ["log in, login, log on, sign on, logon, logged in, get in", "sign in, session"],
  ["log out, log off, logout, sign off, end login", "revoke session, sign out"],
  ["browser, device, laptop, computer", "session, client, device"],
  ["right now, at the moment, currently, online", "active, session"],
  ["register, registered, registration, newcomer", "sign up"],
  ["join, onboard, ask to join, invite, welcome", "invitation, join"],
  ["automatically join, auto join, join automatically, join by themselves", "create domain enrollment, join"],
  ["queue, queue up, wait in line, waiting list, line up, beta, early access", "waitlist"],
  ["turn down, decline, refuse, say no", "reject"],
  ["impersonate, pretend to be, act as, see what they see, in the name of, as if", "actor, impersonate"],
  ["on behalf", "behalf, actor"],

  // Ways to sign in
  ["second step, second factor, two step, two factor, 2fa, multi factor, mfa", "mfa, two step, totp"],
  ["lost phone, new phone, lost device", "disable mfa"],
  ["authenticator, six digit, one time code, digit", "totp, code"],
  ["recovery code, emergency code", "backup codes"],
  ["fingerprint, face id, touch id, security key, yubikey, biometric, webauthn", "passkey"],
  ["passphrase, secret word, pin", "password"],
  ["leak, stolen, breach, hacked, exposed", "compromised, leaked, revoke, rotate secret"],
  ["magic link, passwordless, without a password, one time link, no password", "sign in token, link"],
  ["google, facebook, github, apple, microsoft, social login, social account", "external account, oauth provider"],
  [
    "okta, azure, entra, sso, single sign on, company login, identity provider, idp, ldap",
    "enterprise connection, saml connection",
  ],
  ["third party, partner, another website, another app, log in to another, log in with our", "oauth application"],
  ["ethereum, crypto, bitcoin, metamask, blockchain", "web3 wallet"],
  ["mobile, cell phone, cellphone, telephone, sms, handset, text message", "phone number"],
  ["mail, inbox", "email"],
  ["mail address", "email address"],
  ["mail domain", "email domain"],
  ["confirm, check, validate, test whether, is it right, prove", "verify, verified"],
  ["captcha, bot check, qa, automated test, playwright, cypress", "testing token, bot"],

  // Data
  ["picture, photo, avatar, portrait", "profile image, picture, logo"],
  ["brand, emblem, company picture", "logo"],
  ["custom data, extra data, additional data, own data, attribute, custom field", "metadata, claims"],
  ["jwt, bearer", "jwt, session token"],
  ["in the token, inside the token, token content", "jwt template"],
  ["credential, developer key, script", "api key, secret, password"],
  ["server, service, backend, daemon, microservice, talk to each other", "machine, m2m"],
  ["com, net, hostname, subdomain", "domain"],
  ["website, site, web address", "domain, instance, url"],
  ["send back, callback, return to, come back to", "redirect url"],
  ["notify server, notify system, notify backend, tell server, inform system, call our server", "webhooks, svix"],
  ["notify, event, when something happens, hook, push", "webhooks, notify"],
  ["message, write to, letter", "email"],
  ["spam, nobody from, unwanted, blacklist, forbid, deny", "blocklist"],
  ["whitelist, permitted, only those", "allowlist"],

  // Money
  ["money, credit, fund, budget", "credit balance"],
  ["price, charge, cost, tier, offer, pricing", "billing plan, price"],
  ["pay, payment, subscribe", "subscription, billing"],
  ["without paying, for free, free week, try out, gratis", "free trial"],
  ["stop paying, end the contract", "cancel subscription"],

  // The workspace
  ["ability, abilities, plugin, extension, add-on", "skill"],
  ["on offer, available, to choose from, to add", "browse marketplace, installed"],
  ["job, task, work, run", "execution, run", 0.7],
  ["put to work, perform, do a task", "execute, run"],
  ["note, remember, write down, diary, remind, last time", "memory"],
  ["file, document, output, it made, result", "artifact, file"],
  ["fetch, save", "download"],
  ["who am i", "profile"],

  // What to do
  ["show, see, display, which, what, who, where", "list, get", 0.5],
  ["pull up, look up, find, know about, tell me about, everything about, detail", "get, show"],
  ["how many, number of", "count"],
  ["make, new, set up, open, start, define, issue, build", "create, add", 0.7],
  ["add, another, additional, extra", "create, add, further", 0.7],
  ["register a", "create"],
  [
    "erase, wipe, get rid of, destroy, forget, forgotten, throw away, drop, remove, take off, gone, must go",
    "delete, remove",
  ],
  ["disconnect, unlink, detach, separate", "delete, remove, disconnect, unlink"],
  ["turn off, switch off, deactivate, stop, end, invalidate, kill", "revoke, disable, cancel, stop"],
  ["take back, withdraw, undo, retract, recall", "revoke, withdraw"],
  ["change, edit, modify, adjust, correct, fix, give, set, mark, rename", "update, set, change"],
  ["swap, exchange, instead of, fresh, renew", "replace, rotate"],
  ["move", "change, move"],
  ["cancel, abort, interrupt, going on", "cancel"],
  ["longer, later, more time, more week, more day, prolong", "extend, later"],
];
