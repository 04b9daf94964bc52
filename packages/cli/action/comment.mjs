/**
 * The script of the action: `autocache diff --markdown` of a pull request, in the summary of the job and as a comment that is
 * written once and then kept up to date. Node and no package. Where nobody may comment, as in a run for a fork, the
 * summary is all there is, and the job does not fail for it.
 *
 * With AUTOCACHE_REPORT it comments a report that an earlier job wrote, in a run of `workflow_run` (docs/ci.md).
 */
import { spawnSync } from 'node:child_process'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const { env } = process
const event = JSON.parse(readFileSync(needed('GITHUB_EVENT_PATH'), 'utf8'))
const root = env.AUTOCACHE_ROOT || '.'
/** How the comment is found again: one for each root. */
const marker = `<!-- autocache diff ${root.replace(/[^\w./@-]/g, '')} -->`

/** @param {string} name */
function needed(name) {
  const value = env[name]
  if (!value) stop(`${name} is not set. This script runs in a job of GitHub Actions, for the event pull_request.`)
  return value
}

/** @param {string} text @returns {never} */
function stop(text) {
  console.log(
    `::error title=autocache diff::${text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')}`,
  )
  process.exit(2)
}

/** The report, and whether functions lose their entries. */
function diff() {
  const base = env.AUTOCACHE_BASE || `${event.pull_request.base.sha}...`
  // A name of a revision that begins with a dash would be an option.
  if (base.startsWith('-')) stop(`${base} is no revision.`)
  const command = `${env.AUTOCACHE_COMMAND || 'npx --no-install autocache'} --no-color diff "$AUTOCACHE_RANGE" --root "$AUTOCACHE_FOLDER" --markdown --fail-on-cold`
  const { status, stdout, stderr, error } = spawnSync('bash', ['-c', command], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    env: { ...env, AUTOCACHE_RANGE: base, AUTOCACHE_FOLDER: root },
  })
  if (error) stop(error.message)
  process.stderr.write(stderr)
  if (status !== 0 && status !== 1) stop(`autocache diff ended with status ${status}. ${stderr.trim()}`)
  return { report: stdout.trim(), isCold: status === 1 }
}

/** @param {string} path @param {{ method?: string, body?: object }} [request] */
async function api(path, { method = 'GET', body } = {}) {
  const response = await fetch(
    `${env.GITHUB_API_URL || 'https://api.github.com'}/repos/${needed('GITHUB_REPOSITORY')}${path}`,
    {
      method,
      headers: {
        accept: 'application/vnd.github+json',
        authorization: `Bearer ${needed('GITHUB_TOKEN')}`,
        'x-github-api-version': '2022-11-28',
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    },
  )
  const answer = response.status === 204 ? undefined : await response.json().catch(() => undefined)
  return { status: response.status, answer }
}

/** Writes the comment, or the one that is there already anew. @param {number} pull @param {string} report */
async function comment(pull, report) {
  const body = `${marker}\n${report}`
  const mine = []
  for (let page = 1; ; page += 1) {
    const { status, answer } = await api(`/issues/${pull}/comments?per_page=100&page=${page}`)
    if (status !== 200) return status
    mine.push(...answer.filter((one) => one.user?.type === 'Bot' && one.body?.startsWith(marker)))
    if (answer.length < 100) break
  }
  const [known] = mine
  if (known?.body === body) return 200
  const written = known
    ? await api(`/issues/comments/${known.id}`, { method: 'PATCH', body: { body } })
    : await api(`/issues/${pull}/comments`, { method: 'POST', body: { body } })
  return written.status
}

/** The pull request that a report of another run is about. What that run says of itself is not trusted: its commit is known. */
async function reported(folder) {
  const number = readFileSync(join(folder, 'pull-request'), 'utf8').trim()
  if (!/^\d{1,9}$/.test(number)) stop('The file pull-request of the report holds no number.')
  const { status, answer } = await api(`/pulls/${number}`)
  if (status !== 200) stop(`Pull request ${number} cannot be read (status ${status}).`)
  if (answer.head.sha !== event.workflow_run?.head_sha) {
    console.log(`::notice title=autocache diff::The report is not about the head of pull request ${number} any more.`)
    return undefined
  }
  return Number(number)
}

async function main() {
  const folder = env.AUTOCACHE_REPORT
  if (folder && event.workflow_run) {
    const pull = await reported(folder)
    if (pull === undefined) return
    // Written by code of the pull request: as text it can do no more than any comment, and no longer than one.
    told(await comment(pull, readFileSync(join(folder, 'report.md'), 'utf8').slice(0, 65_000)))
    return
  }
  if (!event.pull_request) stop('There is no pull request. Run this for the event pull_request.')
  const { report, isCold } = diff()
  if (env.GITHUB_STEP_SUMMARY) appendFileSync(env.GITHUB_STEP_SUMMARY, `${report}\n`)
  if (folder) {
    writeFileSync(join(folder, 'report.md'), report)
    writeFileSync(join(folder, 'pull-request'), String(event.pull_request.number))
  } else told(env.GITHUB_TOKEN ? await comment(event.pull_request.number, report) : undefined)
  if (isCold && env.AUTOCACHE_FAIL_ON_COLD === 'true') process.exitCode = 1
}

/** @param {number | undefined} status nothing where there is no token: pull requests of forks see no secrets */
function told(status) {
  if (status === 200 || status === 201) return
  if (status === undefined || status === 401 || status === 403 || status === 404) {
    const why = status === undefined ? 'no token' : `status ${status}`
    console.log(
      `::notice title=autocache diff::This run may not comment (${why}): pull requests of forks have a token that only reads, and no secrets. The report is in the summary of the job.`,
    )
  } else stop(`The comment could not be written (status ${status}).`)
}

await main().catch((error) => stop(error instanceof Error ? error.message : String(error)))
