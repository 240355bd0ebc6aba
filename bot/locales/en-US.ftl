### Every text that people read. What is in the other files must be here, and what is here in them
### (tests/bot/test_catalogue.py). One line is one line on Discord. Ids and Markdown come in variables.
### Texts of personalization and storage ("known-", "reason-", "detail-") are recognised by their
### English wording, so they say here exactly what they say there.

## Commands: names and descriptions as the code has them; `.option` and `.option-description`

command-ask = ask
    .description = Ask me something.
    .prompt = prompt
    .prompt-description = What you would like to know
command-my = my
    .description = What I learn from you.
command-my-personalization = personalization
    .description = Let me learn from you, or stop and delete.
    .state = state
    .state-description = off also deletes what I have learnt from you here
command-my-status = status
    .description = What I have learnt from you so far.
command-my-history = history
    .description = Every version of your own model, and the checks.
command-my-rollback = rollback
    .description = Be answered by an earlier version again.
    .version = version
    .version-description = Its number, as /my history shows it; 0 is the base model
command-my-compare = compare
    .description = The base model's reply and yours, side by side.
    .prompt = prompt
    .prompt-description = What to ask both
command-my-privacy = privacy
    .description = What is kept of you, for how long, and your say.
command-my-export = export
    .description = Everything I keep of you, sent to you as a ZIP.
command-my-forget = forget
    .description = Delete everything I know of you, everywhere.
command-retrain = retrain
    .description = Learn now instead of at night.
    .user = user
    .user-description = Whose model; everybody who is due if left out
command-reset = reset
    .description = Take somebody back to the base model.
    .user = user
    .user-description = Whose model to delete
    .keep_feedback = keep_feedback
    .keep_feedback-description = Keep their votes, to learn anew from them
command-server = server
    .description = What I learn on this server.
command-server-status = status
    .description = Who I learn from here, and how it goes.
command-server-settings = settings
    .description = Where, whom and how I answer on this server.
command-bowerbird = bowerbird
    .description = For whoever runs this bot.
command-bowerbird-status = status
    .description = How the bot is, on all servers together.
command-bowerbird-drain = drain
    .description = Admit no new questions, and finish the running ones.
command-bowerbird-resume = resume
    .description = Admit questions again.
command-teach-a-better-reply = Teach a better reply
choice-on = on
choice-off = off

## When something goes wrong

error-manage-server = Only people with the Manage Server permission can do that.
error-only-server = That works only inside a server.
error-memory = My memory does not work right now; please try again later. (error { $id })
error-unforeseen = Something went wrong on my side; please try again. (error { $id })
error-shared-learning = What I learn here is shared between servers, so only my owner can do that.
error-not-yours = Only the person I am answering can do that.
error-restarting = I am just being restarted; please press again in a minute.

known-not-yours-to-teach = Only the person I answered can teach me a better reply.
known-off = I keep nothing of you; turn on { COMMAND("my personalization") } first.
known-not-remembered = I do not remember this exchange; with { COMMAND("my personalization") } on, I keep new ones.
known-not-kept = Version { $version } is not kept; { COMMAND("my history") } shows those that are.
known-they-are-off = This person has not turned personalization on.
known-nothing-to-learn = There is no vote or correction of this person to learn from.
known-training-off = Training is off; read what TRAINING_ACKNOWLEDGED means in the README, then set it to true.
known-interrupted = Interrupted; it goes on at the next start.
known-other-process = Another Bowerbird process is training with this DATA_DIR; try again later.
known-queue-full = Many people are asking just now; try again in a moment.
known-queue-yours = You have several questions waiting; let me answer those first.
known-too-long = This is too long for the model: { $tokens } tokens, and it reads { $most }; please make it shorter.
known-too-long-together = { $prompt } tokens of prompt and { $reply } of reply are more than the { $most } this model can hold; please make it shorter.
known-overflow = The model's numbers overflowed; retrain or reset it.
known-no-memory = There was not enough memory for this reply.
known-not-generated = The reply could not be generated ({ $kind }).
known-shut-down = Generation has been shut down.
known-not-ready = Generation is not ready yet; try again in a moment.

## Answers

chat-hello = Yes? Write your question after my name, reply to one of my messages, or use { COMMAND("ask") }.
chat-only-text = I can read only text and text files; please tell me in words what you would like to know.
chat-unreadable = I cannot read this: leave the reply's ping on, or mention me.
chat-not-here = The admins of this server do not want me to answer in this channel.
answer-one-at-a-time = One at a time, please: I am still at your earlier questions.
answer-too-many-here = Too many are asking me here at once; please try again in a minute.
answer-place = Many people are asking just now; you are number { $place } in the queue.
answer-next = Many people are asking just now; you are next.
answer-no-words = I have nothing to say to that; try putting it differently.
answer-stop = Stop
again-offer = You have changed your question since I answered it.
again-button = Answer it again
again-gone = I cannot find your question any more; please ask it again.
files-left-out = I can read up to { $most } text files, so I left out { $names }.
files-too-large = I can read files of up to { $most } KB, so I left out { $names }.
files-shortened = I could read only the beginning of { $names }.
admission-draining = I am about to be restarted; please ask again in a few minutes.
admission-role = On this server I answer people with { $roles } only.
admission-too-soon = One moment, please: I answer each person here every { $pause } seconds. Ask again in { $wait } s.
admission-too-many = One moment, please: on this server I take one question every { $pause } seconds. Ask again in { $wait } s.
admission-no-more-today = That was my last one for you today: the limit here is { $limit } replies a person and day. I answer again { $again }.
admission-no-tokens = I have written all that I may here today: the limit is { $limit } tokens a day. I answer again { $again }.

## Votes, lessons, consent

vote-counted = Counted, thank you. What I learn comes from the person I answered.
vote-taken-back = Your vote is taken back.
vote-not-counted = I count votes of people who let me keep them: { COMMAND("my personalization") } turns that on for you.
teach-button = Teach
teach-title = Teach a better reply
teach-field = What should I have said?
teach-ask = What should I have said? If you like, show me.
teach-learnt = Thank you! This is what I will learn to say.
teach-waits = Thank you! I learn from it as soon as you let me: see my question.
teach-only-mine = Choose one of my replies; I can learn from those only.
teach-unchanged = That is what I said already; nothing was changed.
consent-offer = { $who }, may I learn from your reactions? I would keep the exchanges I have with you and your votes on them, to look at them when I answer you and to train a small model of your taste; nobody else's replies use either. Nothing is kept until you say yes. { COMMAND("my forget") } deletes everything at any time.
consent-yes = Yes, learn from me
consent-no = No, thanks
consent-said-yes = Thank you! From now on I keep our exchanges and your votes{ $kept ->
        [0] {""}
        [1] , this one included
       *[other] , the last { $kept } included
    }. { COMMAND("my status") } shows what I have learned, { COMMAND("my forget") } deletes everything.
consent-said-no = All right: I keep nothing. { COMMAND("my personalization") } turns it on if you change your mind.
consent-not-asked = This question is for somebody else; yours comes with your own vote.
confirm-cancel = Cancel
confirm-unchanged = Nothing was changed.
confirm-late = No answer, so nothing was changed.
confirm-restarting = I am just being restarted, so nothing was changed.

## /my

my-on = Personalization is **on**: I keep our exchanges here and your votes on them{ $kept ->
        [0] {""}
        [1] {" "}(the last one included)
       *[other] {" "}(the last { $kept } included)
    }, and learn your taste from them. { COMMAND("my forget") } deletes everything at any time.
my-off = Personalization is **off**: I keep nothing of you here.
my-forget = This deletes everything I know of you, on this server and everywhere else: exchanges, votes, your own model and its versions. It cannot be undone.
my-forget-button = Delete everything
my-no-version = There is no version of your own in use here, so there is nothing to compare. { COMMAND("my status") } says when I learn.
my-compared = The same question, the same dice. Neither reply is kept, and nothing is learnt from it.
my-went-back = You are answered by **{ $version }** again. New votes still train a next version, which takes over if it passes the checks.
my-still-training = One is being trained right now.
my-no-dm = I cannot send you direct messages. Allow them in this server's privacy settings, then try again.
my-sent = Sent to you by direct message: { $names }.
my-too-large = Too large for Discord, so ask whoever runs me for a copy (`bowerbird export`): { $names }.
my-one-export = I am still packing your last export; one moment, please.
# A chart's font has only ASCII letters.
my-chart-title = Replies you liked
my-chart-base = Base model
my-chart-version = Version { $number }
my-chart-note = { NUMBER($share, style: "percent", maximumFractionDigits: 0) }  { $likes } of { $votes }
my-chart-in-words = How much of what each version replied you liked, as the text says.
export-read-me =
    This is everything Bowerbird keeps of you.

    bowerbird.json
        Where you stand in each server, what you asked, what was replied, your votes and corrections,
        the versions of your own model with the verdicts on them, and the trainings. Other people's
        words are left out.
    adapters/<server>/<you>/v<version>/
        The weights of your own models, as safetensors in the format of the PEFT library.

## Names and numbers

size-bytes = { $value } bytes
size-kb = { $value } KB
size-mb = { $value } MB
size-gb = { $value } GB
never = never
comma = {", "}
between-sentences = {" "}
in-brackets = {" "}({ $text })
base-model = the base model
base-model-first = The base model
version-name = version { $number }
version-name-first = Version { $number }

## How it goes

status-off = Personalization is **off**: I keep nothing of you, and the base model answers. { COMMAND("my personalization") } turns it on.
status-on-base = Personalization is **on**. You are answered by the base model.
status-on-own = Personalization is **on**. You are answered by **version { $version }** of your own model.
status-kept = I keep { $replies ->
        [one] { $replies } exchange
       *[other] { $replies } exchanges
    }: 👍 { $likes }, 👎 { $dislikes }, 🔄 { $again }, { $corrections ->
        [one] { $corrections } correction
       *[other] { $corrections } corrections
    }.
status-others = There are { $votes ->
        [one] { $votes } vote
       *[other] { $votes } votes
    } of other people, which I do not learn from.
status-new-off = { $count ->
        [one] { $count } new vote or correction
       *[other] { $count } new votes and corrections
    }; learning is switched off by whoever runs me.
status-new-due = { $count ->
        [one] { $count } new vote or correction
       *[other] { $count } new votes and corrections
    }; I learn from it { $night }.
status-new-few = { $count ->
        [one] { $count } new vote or correction
       *[other] { $count } new votes and corrections
    }; I learn once there are { $needed }.
status-pleased = How its replies pleased you: { $shares }.
status-pleased-by = { $version } { NUMBER($share, style: "percent", maximumFractionDigits: 0) } (liked { $likes } of { $votes })
status-last-training = The last training { $state ->
        [queued] is waiting for its turn
        [running] is running
        [promoted] was accepted and is in use
        [rejected] did not pass the checks, so nothing changed
        [cancelled] was cancelled
        [postponed] was not reached in time
       *[failed] failed, so nothing changed
    }{ $why }
because = : { $why }
no-reason = .

version-accepted = { $version }{ $notes } was accepted { $when }, after { $exchanges ->
        [one] { $exchanges } exchange
       *[other] { $exchanges } exchanges
    }.
version-rejected = { $version }{ $notes } was not accepted { $when }, after { $exchanges ->
        [one] { $exchanges } exchange
       *[other] { $exchanges } exchanges
    }.
version-liked = liked { $likes } of { $votes }
version-in-use = **in use**
version-kept = kept
version-gone = not kept any more
version-taken-back = taken back
version-pleased-less = Taken back { $when }: you disliked { $dislikes } of the { $votes } replies you voted on, and before it { $dislikes_before } of { $votes_before }.
history-base = The base model{ $notes } is always there.
history-ways = { COMMAND("my rollback") } takes you to { $versions } (`0` is the base model).

progress-none = Getting ready to learn…
progress-loading = loading the model
progress-training = training
progress-gate = checking the result
progress-left = , about { $duration } left
progress-people = { $over } of { $people } are through{ $left }
duration-seconds = { $seconds } s
duration-minutes = { $minutes } min
duration-hours = { $hours } h { $minutes } min
outcome = { $who }: { $version ->
        [0] the training
       *[other] version { $version }
    } { $state ->
        [queued] is waiting for its turn
        [running] is running
        [promoted] was accepted and is in use
        [rejected] did not pass the checks, so nothing changed
        [cancelled] was cancelled
        [postponed] was not reached in time
       *[failed] failed, so nothing changed
    }.
receipt = Deleted: { $replies ->
        [one] { $replies } exchange
       *[other] { $replies } exchanges
    }, { $feedback ->
        [one] { $feedback } vote or correction
       *[other] { $feedback } votes and corrections
    }, { $versions ->
        [one] { $versions } version
       *[other] { $versions } versions
    } of the model, { $trainings ->
        [one] { $trainings } training
       *[other] { $trainings } trainings
    }, and everything I still had in memory.

privacy-stands = Where you stand here: { $consent ->
        [on] you said **yes**
        [off] you said **no**: I keep nothing of you
       *[other] you have not said yes, so nothing of yours is written to disk
    }.
privacy-kept = With your yes I keep what you ask me, my replies, and your votes and corrections on them, for { $days ->
        [one] { $days } day
       *[other] { $days } days
    } at most.
privacy-used = When I answer you, I look at what you liked or taught me, and at nobody else's.
privacy-trained-here = At night I train a small model of your taste; it is used for nobody else. What I learn from you here is used here only.
privacy-trained-everywhere = At night I train a small model of your taste; it is used for nobody else. What I learn from you is used in every server alike.
privacy-not-trained = Whoever runs me has switched learning off: votes are kept, nothing is trained.
privacy-local = Nothing is sent anywhere: the model runs on the machine of whoever runs me.
privacy-edits = Messages you delete or edit on Discord go or change here too.
privacy-ways = { COMMAND("my export") } sends you all of it, { COMMAND("my personalization") } erases it here when you turn it off, { COMMAND("my forget") } everywhere.
privacy-in-full = In full: { $url }

## /server, /retrain, /reset, announcements

server-people = { $people ->
        [one] { $people } person lets
       *[other] { $people } people let
    } me learn, { $refused } said no; { $models ->
        [one] { $models } own model
       *[other] { $models } own models
    } in use.
server-exchanges = { $replies ->
        [one] { $replies } exchange
       *[other] { $replies } exchanges
    }: 👍 { $likes }, 👎 { $dislikes }, { $corrections ->
        [one] { $corrections } correction
       *[other] { $corrections } corrections
    }.
server-due = { $due ->
        [one] { $due } person is due
       *[other] { $due } people are due
    }; next night { $night }.
server-due-off = { $due ->
        [one] { $due } person is due
       *[other] { $due } people are due
    }; next night never: training is off.
server-run = { $who } { $when }: the training { $state ->
        [queued] is waiting for its turn
        [running] is running
        [promoted] was accepted and is in use
        [rejected] did not pass the checks, so nothing changed
        [cancelled] was cancelled
        [postponed] was not reached in time
       *[failed] failed, so nothing changed
    }{ $why }
server-disk = Models on disk: { $size }.
server-chart-title = Replies people liked
server-chart-in-words = How much of what each version replied people liked, of all people’s versions together.
retrain-nobody = Nobody is due: { $minimum ->
        [one] { $minimum } new vote or correction makes
       *[other] { $minimum } new votes or corrections make
    } a person due.
reset-question = This deletes what I have learnt from { $user } on this server, their votes and exchanges included; the base model answers them again. It cannot be undone.
reset-question-keep = This deletes what I have learnt from { $user } on this server; the base model answers them again. It cannot be undone.
reset-button = Reset
reset-done = { $user } is back to the base model.
night-title = 🌙 **Last night I learnt from { $people ->
        [one] { $people } person
       *[other] { $people } people
    }.**
night-better = { $count ->
        [one] { $count } new model
       *[other] { $count } new models
    } passed the checks; in use from now on
night-kept = { $count ->
        [one] { $count } new model
       *[other] { $count } new models
    } did not pass the checks: what was in use stays
night-failed = { $count ->
        [one] { $count } training
       *[other] { $count } trainings
    } failed; the next night tries again
night-postponed = { $count ->
        [one] { $count } person was
       *[other] { $count } people were
    } not reached in time; the next night begins with them
night-taken-back = { $count ->
        [one] { $count } model was taken back
       *[other] { $count } models were taken back
    }: the one before pleased more
night-nobody = Last night ({ $night }): nobody was due.
night-last = Last night ({ $night }):
night-last-pace = Last night ({ $night }), { $pace } people an hour for { $duration }:
night-yours = Everybody's own: { COMMAND("my status") }

## Settings of a server

settings-title = **How I behave on this server**
settings-channels = **Channels**: { $where }; threads follow their channel
settings-everywhere = everywhere I can read
settings-everywhere-but = everywhere I can read, not in { $blocked }
settings-only-in = only in { $allowed }
settings-only-in-but = only in { $allowed }, not in { $blocked }
settings-everybody = **Who may ask**: everybody
settings-roles = **Who may ask**: people with { $roles }
settings-and-more = { $names } and { $count } more
settings-limits = **Limits for each person**: { $pause ->
        [0] no pause
       *[other] { $pause } s between two questions
    }, { $daily ->
        [0] no daily limit
        [one] { $daily } reply a day
       *[other] { $daily } replies a day
    }
settings-limits-all = **Limits for all together**: { $pause ->
        [0] no pause
       *[other] { $pause } s between two questions of anybody
    }, { $tokens ->
        [0] no daily limit
       *[other] { $tokens } tokens a day
    }
settings-votes = **Votes**: { $style ->
        [buttons] as buttons
       *[reactions] as reactions
    }, { $yes } and { $no }
settings-language = **Language**: { $name }
settings-own-language = **Language**: each person's own
settings-announced = **Announcements**: the night’s summary in { $channel }
settings-not-announced = **Announcements**: none
settings-button-channels = Channels
settings-button-roles = Roles
settings-button-limits = Limits
settings-button-votes = Votes
settings-button-language = Language
settings-button-announcements = Announcements
settings-button-defaults = Back to defaults
settings-button-back = Back
settings-button-reactions = As reactions
settings-button-buttons = As buttons
settings-button-emoji = Emoji
settings-hint-channels = Upper menu: where I answer, everywhere if none is chosen. Lower menu: where I never answer.
settings-hint-roles = Whom I answer; everybody if no role is chosen.
settings-hint-language = The language I speak to everybody here.
settings-menu-allowed = Answer only in… (none chosen: everywhere)
settings-menu-blocked = Never answer in…
settings-menu-roles = Answer only people with… (none chosen: everybody)
settings-menu-announcements = Post the night's summary in…
settings-menu-own-language = Each person's own
settings-cannot-post = I may not write in { $channel }; allow me to View Channel and Send Messages there.
settings-form-limits = Limits (0: none)
settings-form-pause = Seconds between two questions of one person
settings-form-daily = Replies a person and day
settings-form-pause-all = Seconds between two questions of anybody
settings-form-tokens = Tokens a day, all replies together
settings-form-emoji = Emoji to vote with (empty: the usual)
settings-form-likes = Emoji for a good reply
settings-form-dislikes = Emoji for a bad one
settings-wrong-pause = The pause is a number of seconds from 0 (none) to { $most }, not “{ $given }”; nothing was changed.
settings-wrong-daily = The daily limit is a number of replies from 0 (none) to { $most }, not “{ $given }”; nothing was changed.
settings-wrong-pause-all = The pause of all together is a number of seconds from 0 (none) to { $most }, not “{ $given }”; nothing was changed.
settings-wrong-tokens = The daily limit of all together is a number of tokens from 0 (none) to { $most }, not “{ $given }”; nothing was changed.
settings-same-emoji = The same emoji cannot mean yes and no; nothing was changed.
settings-both-emoji = Fill in both fields, or leave both empty for the usual emoji; nothing was changed.
settings-many-emoji = At most { $most } emoji each, please; nothing was changed.
settings-foreign-emoji = { $emoji } is not an emoji of this server; nothing was changed.
settings-no-emoji = “{ $given }” is not an emoji; nothing was changed.
settings-taken-emoji = { $emoji } has a meaning already; nothing was changed.

## /bowerbird

owner-only = Only the person who runs me can do that.
owner-draining = I admit no new questions. Still being answered: { $count }.
owner-drained = I admit no new questions, and nothing is being answered: I can be stopped now. { COMMAND("bowerbird resume") } takes it back.
owner-resumed = I answer again.
owner-servers = On { $servers ->
        [one] { $servers } server
       *[other] { $servers } servers
    }; Discord's heartbeat answered in { $latency } ms.
owner-servers-early = On { $servers ->
        [one] { $servers } server
       *[other] { $servers } servers
    }; Discord's heartbeat answered not yet.
owner-admitting = Being answered: { $count }; new questions: all admitted.
owner-not-admitting = Being answered: { $count }; new questions: none are admitted.
owner-people = { $people ->
        [one] { $people } person lets
       *[other] { $people } people let
    } me learn; { $models ->
        [one] { $models } own model
       *[other] { $models } own models
    } in use, { $size } on disk.
owner-trainings = Trainings going on or waiting: { $count }; next night { $night }.
owner-trainings-off = Trainings going on or waiting: { $count }; next night never: training is off.
owner-model = Base model: { $name }.

## What the gate says of a new version

reason-not-finite = The training got out of hand (numbers that are not finite), so it was thrown away.
reason-preference = On votes it had not seen, it told liked replies from disliked ones less well than the current version ({ $right } of pairs right, needed { $needed }).
reason-drift = It changed too much where your votes say nothing ({ $drift } per word piece, at most { $most }).
reason-general = It became { $worse } worse at ordinary text (at most { $most }).
reason-sense = Its fresh replies made too little sense (surprise { $surprise } per word piece above the usual, at most { $most }).
reason-off-topic = Too few of its fresh replies fit their questions ({ $share }, needed { $needed }).
reason-taste = Going by your votes, its fresh replies please less than those before ({ $won } of comparisons won, needed { $needed }).
reason-empty = Too many of its fresh replies were empty ({ $share }).
reason-endless = Too many of its fresh replies came to no end ({ $share }).
reason-repeats = Its fresh replies repeated themselves.
reason-shorter = Its replies became much shorter ({ $ratio } times the usual length).
reason-longer = Its replies became much longer ({ $ratio } times the usual length).
reason-fine = Its fresh replies make as much sense as before.
reason-right = On votes it had not seen, it got { $right } of pairs right.
reason-few = There are too few votes yet to measure its taste, so only safety was checked.
reason-won = Going by your votes, its fresh replies won { $won } of comparisons with those before.
reason-later = With about { $votes } votes, some are kept to judge by, which is more precise.
reason-newer = Your newer votes say the opposite of the older ones, so only the newest { $count } count.
reason-unusable = It cannot be used: { $why }.

## How a training ended

detail-cancelled = cancelled
detail-postponed = the night's time was up; the next night begins with it
detail-other = another training of this person was under way
detail-given-up = given up after being interrupted { $times } times
detail-off = personalization is not on
detail-nothing = there is nothing to learn from
detail-gone = all that was learned from is gone, so replies are the base model's again
detail-failed = the training failed
detail-changed = messages it was learning from were deleted or edited meanwhile
detail-ended = the training process ended unexpectedly ({ $how })
detail-crashed = the training failed unexpectedly ({ $kind }); see the log
detail-no-room = none of the replies fits into the model's context
