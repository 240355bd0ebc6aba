### Deutsch: du, freundlich und kurz. Was die Schlüssel bedeuten, sagt en-US.ftl.

## Befehle

command-ask = frag
    .description = Frag mich etwas.
    .prompt = frage
    .prompt-description = Was du wissen möchtest
command-my = mein
    .description = Was ich von dir lerne.
command-my-personalization = personalisierung
    .description = Lass mich von dir lernen, oder hör auf damit und lösch alles.
    .state = zustand
    .state-description = „aus“ löscht auch, was ich hier von dir gelernt habe
command-my-status = status
    .description = Was ich bisher von dir gelernt habe.
command-my-history = verlauf
    .description = Jede Version deines eigenen Modells und wie sie geprüft wurde.
command-my-rollback = zurück
    .description = Lass dir wieder von einer früheren Version antworten.
    .version = version
    .version-description = Ihre Nummer aus /mein verlauf; 0 ist das Basismodell
command-my-compare = vergleich
    .description = Die Antwort des Basismodells neben deiner.
    .prompt = frage
    .prompt-description = Was du beide fragen möchtest
command-my-privacy = datenschutz
    .description = Was von dir aufbewahrt wird, wie lange, und was du bestimmst.
command-my-export = export
    .description = Alles, was ich von dir habe, als ZIP an dich geschickt.
command-my-forget = vergessen
    .description = Alles löschen, was ich von dir weiß, überall.
command-retrain = nachlernen
    .description = Jetzt lernen statt erst in der Nacht.
    .user = person
    .user-description = Wessen Modell; ohne Angabe alle, die dran sind
command-reset = zurücksetzen
    .description = Jemanden aufs Basismodell zurücksetzen.
    .user = person
    .user-description = Wessen Modell gelöscht wird
    .keep_feedback = bewertungen_behalten
    .keep_feedback-description = Die Bewertungen behalten, um neu daraus zu lernen
command-server = server
    .description = Was ich auf diesem Server lerne.
command-server-status = status
    .description = Von wem ich hier lerne und wie es läuft.
command-server-settings = einstellungen
    .description = Wo, wem und wie ich auf diesem Server antworte.
command-bowerbird = bowerbird
    .description = Für die Person, die diesen Bot betreibt.
command-bowerbird-status = status
    .description = Wie es dem Bot geht, auf allen Servern zusammen.
command-bowerbird-drain = auslaufen
    .description = Keine neuen Fragen annehmen und die laufenden beantworten.
command-bowerbird-resume = weiter
    .description = Wieder Fragen annehmen.
command-teach-a-better-reply = Bessere Antwort zeigen
choice-on = an
choice-off = aus

## Wenn etwas schiefgeht

error-manage-server = Das dürfen nur Leute mit der Berechtigung „Server verwalten“.
error-only-server = Das geht nur auf einem Server.
error-memory = Mein Gedächtnis macht gerade nicht mit; versuch es bitte später noch einmal. (Fehler { $id })
error-unforeseen = Bei mir ist etwas schiefgegangen; versuch es bitte noch einmal. (Fehler { $id })
error-shared-learning = Was ich hier lerne, teilen sich mehrere Server, deshalb darf das nur, wer mich betreibt.
error-not-yours = Das darf nur die Person, der ich gerade antworte.
error-restarting = Ich werde gerade neu gestartet; drück bitte in einer Minute noch einmal.

known-not-yours-to-teach = Eine bessere Antwort kann mir nur die Person zeigen, der ich geantwortet habe.
known-off = Ich bewahre nichts von dir auf; schalte erst { COMMAND("my personalization") } ein.
known-not-remembered = An dieses Gespräch erinnere ich mich nicht; mit { COMMAND("my personalization") } merke ich mir neue.
known-not-kept = Version { $version } gibt es nicht mehr; { COMMAND("my history") } zeigt, welche noch da sind.
known-they-are-off = Diese Person hat die Personalisierung nicht eingeschaltet.
known-nothing-to-learn = Von dieser Person gibt es keine Bewertung oder Korrektur, aus der ich lernen könnte.
known-training-off = Das Lernen ist ausgeschaltet; lies im README, was TRAINING_ACKNOWLEDGED bedeutet, und setz es dann auf true.
known-interrupted = Unterbrochen; beim nächsten Start geht es weiter.
known-other-process = Ein anderer Bowerbird-Prozess lernt gerade in diesem DATA_DIR; versuch es später noch einmal.
known-queue-full = Gerade fragen mich sehr viele; versuch es gleich noch einmal.
known-queue-yours = Von dir warten schon mehrere Fragen; lass mich erst die beantworten.
known-too-long = Das ist zu lang für das Modell: { $tokens } Tokens, und es liest { $most }; bitte kürze es.
known-too-long-together = { $prompt } Tokens Frage und { $reply } Antwort sind mehr als die { $most }, die dieses Modell fasst; bitte kürze es.
known-overflow = Die Zahlen des Modells sind übergelaufen; lass es nachlernen oder setz es zurück.
known-no-memory = Für diese Antwort hat der Speicher nicht gereicht.
known-not-generated = Die Antwort konnte nicht erzeugt werden ({ $kind }).
known-shut-down = Die Texterzeugung wurde beendet.
known-not-ready = Die Texterzeugung ist noch nicht bereit; versuch es gleich noch einmal.

## Antworten

chat-hello = Ja? Schreib deine Frage hinter meinen Namen, antworte auf eine meiner Nachrichten oder nimm { COMMAND("ask") }.
chat-only-text = Ich kann nur Text und Textdateien lesen; sag mir bitte in Worten, was du wissen möchtest.
chat-unreadable = Das kann ich nicht lesen: Lass in deiner Antwort die Erwähnung an, oder erwähne mich.
chat-not-here = Die Admins dieses Servers möchten nicht, dass ich in diesem Kanal antworte.
answer-one-at-a-time = Eins nach dem anderen, bitte: Ich bin noch bei deinen früheren Fragen.
answer-too-many-here = Hier fragen mich gerade zu viele auf einmal; versuch es bitte in einer Minute noch einmal.
answer-place = Gerade fragen mich viele; du bist Nummer { $place } in der Schlange.
answer-next = Gerade fragen mich viele; du bist als Nächstes dran.
answer-no-words = Dazu fällt mir nichts ein; versuch es mit anderen Worten.
answer-stop = Stopp
again-offer = Du hast deine Frage geändert, nachdem ich geantwortet habe.
again-button = Noch einmal antworten
again-gone = Ich finde deine Frage nicht mehr; stell sie bitte noch einmal.
files-left-out = Ich kann bis zu { $most } Textdateien lesen, deshalb habe ich { $names } weggelassen.
files-too-large = Ich kann Dateien bis { $most } KB lesen, deshalb habe ich { $names } weggelassen.
files-shortened = Von { $names } konnte ich nur den Anfang lesen.
admission-draining = Ich werde gleich neu gestartet; frag mich bitte in ein paar Minuten noch einmal.
admission-role = Auf diesem Server antworte ich nur Leuten mit { $roles }.
admission-too-soon = Einen Moment, bitte: Hier antworte ich jeder Person höchstens alle { $pause } Sekunden. Frag in { $wait } s noch einmal.
admission-too-many = Einen Moment, bitte: Auf diesem Server nehme ich alle { $pause } Sekunden eine Frage an. Frag in { $wait } s noch einmal.
admission-no-more-today = Das war für heute meine letzte Antwort an dich: Hier gibt es höchstens { $limit } Antworten pro Person und Tag. { $again } antworte ich wieder.
admission-no-tokens = Ich habe heute alles geschrieben, was ich hier darf: Die Grenze sind { $limit } Tokens am Tag. { $again } antworte ich wieder.

## Bewertungen, Lehrstunden, Einwilligung

vote-counted = Gezählt, danke. Ich lerne aber nur von der Person, der ich geantwortet habe.
vote-taken-back = Deine Bewertung ist zurückgenommen.
vote-not-counted = Ich zähle Bewertungen von Leuten, die mich sie aufbewahren lassen: { COMMAND("my personalization") } schaltet das für dich ein.
teach-button = Zeigen
teach-title = Bessere Antwort zeigen
teach-field = Was hätte ich sagen sollen?
teach-ask = Was hätte ich sagen sollen? Wenn du magst, zeig es mir.
teach-learnt = Danke! Das lerne ich zu sagen.
teach-waits = Danke! Ich lerne daraus, sobald du mich lässt: siehe meine Frage.
teach-only-mine = Wähl eine meiner Antworten; nur aus denen kann ich lernen.
teach-unchanged = Genau das hatte ich schon gesagt; es wurde nichts geändert.
consent-offer = { $who }, darf ich aus deinen Reaktionen lernen? Ich würde unsere Gespräche und deine Bewertungen dazu aufbewahren, sie mir ansehen, wenn ich dir antworte, und damit ein kleines Modell deines Geschmacks trainieren; für niemand anderen wird das benutzt. Bis du Ja sagst, bewahre ich nichts auf. { COMMAND("my forget") } löscht jederzeit alles.
consent-yes = Ja, lern von mir
consent-no = Nein, danke
consent-said-yes = Danke! Ab jetzt bewahre ich unsere Gespräche und deine Bewertungen auf{ $kept ->
        [0] {""}
        [1] , auch dieses eine
       *[other] , auch die letzten { $kept }
    }. { COMMAND("my status") } zeigt, was ich gelernt habe, { COMMAND("my forget") } löscht alles.
consent-said-no = In Ordnung: Ich bewahre nichts auf. Falls du es dir anders überlegst: { COMMAND("my personalization") } schaltet es ein.
consent-not-asked = Diese Frage gilt jemand anderem; deine kommt mit deiner eigenen Bewertung.
confirm-cancel = Abbrechen
confirm-unchanged = Es wurde nichts geändert.
confirm-late = Keine Antwort, also wurde nichts geändert.
confirm-restarting = Ich werde gerade neu gestartet, also wurde nichts geändert.

## /mein

my-on = Personalisierung ist **an**: Ich bewahre unsere Gespräche hier und deine Bewertungen dazu auf{ $kept ->
        [0] {""}
        [1] {" "}(auch das letzte)
       *[other] {" "}(auch die letzten { $kept })
    } und lerne daraus deinen Geschmack. { COMMAND("my forget") } löscht jederzeit alles.
my-off = Personalisierung ist **aus**: Ich bewahre hier nichts von dir auf.
my-forget = Das löscht alles, was ich von dir weiß, auf diesem Server und überall sonst: Gespräche, Bewertungen, dein eigenes Modell und seine Versionen. Es lässt sich nicht rückgängig machen.
my-forget-button = Alles löschen
my-no-version = Hier ist keine eigene Version von dir in Gebrauch, also gibt es nichts zu vergleichen. { COMMAND("my status") } sagt, wann ich lerne.
my-compared = Dieselbe Frage, dieselben Würfel. Keine der Antworten wird aufbewahrt, und gelernt wird daraus nichts.
my-went-back = Dir antwortet wieder **{ $version }**. Neue Bewertungen trainieren weiterhin eine nächste Version, die übernimmt, wenn sie die Prüfungen besteht.
my-still-training = Gerade wird eine trainiert.
my-no-dm = Ich kann dir keine Direktnachrichten schicken. Erlaub sie in den Privatsphäre-Einstellungen dieses Servers und versuch es noch einmal.
my-sent = Per Direktnachricht an dich geschickt: { $names }.
my-too-large = Zu groß für Discord; bitte die Person, die mich betreibt, um eine Kopie: { $names }.
my-one-export = Ich packe noch deinen letzten Export; einen Moment, bitte.
my-chart-title = Antworten, die dir gefielen
my-chart-base = Basismodell
my-chart-version = Version { $number }
my-chart-note = { NUMBER($share, style: "percent", maximumFractionDigits: 0) }  { $likes } von { $votes }
my-chart-in-words = Welcher Anteil der Antworten jeder Version dir gefiel, wie im Text angegeben.
export-read-me =
    Das ist alles, was Bowerbird von dir aufbewahrt.

    bowerbird.json
        Wofür du dich auf jedem Server entschieden hast, was du gefragt hast, was geantwortet wurde,
        deine Bewertungen und Korrekturen, die Versionen deines eigenen Modells mit den Urteilen
        darüber, und die Trainings. Die Worte anderer Leute sind weggelassen.
    adapters/<Server>/<du>/v<Version>/
        Die Gewichte deiner eigenen Modelle, als safetensors im Format der PEFT-Bibliothek.

## Namen und Zahlen

size-bytes = { $value } Bytes
size-kb = { $value } KB
size-mb = { $value } MB
size-gb = { $value } GB
never = nie
comma = {", "}
between-sentences = {" "}
in-brackets = {" "}({ $text })
base-model = das Basismodell
base-model-first = Das Basismodell
version-name = Version { $number }
version-name-first = Version { $number }

## Wie es läuft

status-off = Personalisierung ist **aus**: Ich bewahre nichts von dir auf, und das Basismodell antwortet. { COMMAND("my personalization") } schaltet sie ein.
status-on-base = Personalisierung ist **an**. Dir antwortet das Basismodell.
status-on-own = Personalisierung ist **an**. Dir antwortet **Version { $version }** deines eigenen Modells.
status-kept = Ich habe { $replies ->
        [one] { $replies } Gespräch
       *[other] { $replies } Gespräche
    } aufbewahrt: 👍 { $likes }, 👎 { $dislikes }, 🔄 { $again }, { $corrections ->
        [one] { $corrections } Korrektur
       *[other] { $corrections } Korrekturen
    }.
status-others = Dazu kommen { $votes ->
        [one] { $votes } Bewertung
       *[other] { $votes } Bewertungen
    } von anderen, aus denen ich nicht lerne.
status-new-off = { $count ->
        [one] { $count } neue Bewertung oder Korrektur
       *[other] { $count } neue Bewertungen und Korrekturen
    }; wer mich betreibt, hat das Lernen ausgeschaltet.
status-new-due = { $count ->
        [one] { $count } neue Bewertung oder Korrektur
       *[other] { $count } neue Bewertungen und Korrekturen
    }; ich lerne daraus { $night }.
status-new-few = { $count ->
        [one] { $count } neue Bewertung oder Korrektur
       *[other] { $count } neue Bewertungen und Korrekturen
    }; ich lerne, sobald es { $needed } sind.
status-pleased = Wie dir die Antworten gefielen: { $shares }.
status-pleased-by = { $version } { NUMBER($share, style: "percent", maximumFractionDigits: 0) } ({ $likes } von { $votes })
status-last-training = Das letzte Training { $state ->
        [queued] wartet, bis es dran ist
        [running] läuft
        [promoted] wurde angenommen und ist in Gebrauch
        [rejected] hat die Prüfungen nicht bestanden, also bleibt alles beim Alten
        [postponed] wurde auf die nächste Nacht verschoben
        [cancelled] wurde abgebrochen
       *[failed] ist gescheitert, also bleibt alles beim Alten
    }{ $why }
because = : { $why }
no-reason = .

version-accepted = { $version }{ $notes } wurde { $when } angenommen, nach { $exchanges ->
        [one] { $exchanges } Gespräch
       *[other] { $exchanges } Gesprächen
    }.
version-rejected = { $version }{ $notes } wurde { $when } nicht angenommen, nach { $exchanges ->
        [one] { $exchanges } Gespräch
       *[other] { $exchanges } Gesprächen
    }.
version-liked = { $likes } von { $votes } gefielen dir
version-in-use = **in Gebrauch**
version-kept = aufbewahrt
version-gone = nicht mehr da
version-taken-back = zurückgenommen
version-pleased-less = { $when } zurückgenommen: Dir missfielen { $dislikes } der { $votes } Antworten, die du bewertet hast, davor { $dislikes_before } von { $votes_before }.
history-base = Das Basismodell{ $notes } ist immer da.
history-ways = { COMMAND("my rollback") } bringt dich zu { $versions } (`0` ist das Basismodell).

progress-none = Ich mache mich bereit zum Lernen …
progress-loading = lädt das Modell
progress-training = lernt
progress-gate = prüft das Ergebnis
progress-left = , noch etwa { $duration }
progress-people = { $over } von { $people } sind fertig{ $left }
duration-seconds = { $seconds } s
duration-minutes = { $minutes } min
duration-hours = { $hours } h { $minutes } min
outcome = { $who }: { $version ->
        [0] Das Training
       *[other] Version { $version }
    } { $state ->
        [queued] wartet noch
        [running] läuft
        [promoted] wurde angenommen und ist in Gebrauch
        [rejected] hat die Prüfungen nicht bestanden, also bleibt alles beim Alten
        [postponed] wurde auf die nächste Nacht verschoben
        [cancelled] wurde abgebrochen
       *[failed] ist gescheitert, also bleibt alles beim Alten
    }.
receipt = Gelöscht: { $replies ->
        [one] { $replies } Gespräch
       *[other] { $replies } Gespräche
    }, { $feedback ->
        [one] { $feedback } Bewertung oder Korrektur
       *[other] { $feedback } Bewertungen und Korrekturen
    }, { $versions ->
        [one] { $versions } Version
       *[other] { $versions } Versionen
    } des Modells, { $trainings ->
        [one] { $trainings } Training
       *[other] { $trainings } Trainings
    } und alles, was ich noch im Kopf hatte.

privacy-stands = Wofür du dich hier entschieden hast: { $consent ->
        [on] Du hast **Ja** gesagt
        [off] Du hast **Nein** gesagt, ich bewahre nichts von dir auf
       *[other] Du hast nicht Ja gesagt, also wird nichts von dir gespeichert
    }.
privacy-kept = Mit deinem Ja bewahre ich auf, was du mich fragst, meine Antworten und deine Bewertungen und Korrekturen dazu, höchstens { $days ->
        [one] { $days } Tag
       *[other] { $days } Tage
    } lang.
privacy-used = Wenn ich dir antworte, sehe ich mir an, was dir gefallen hat oder was du mir beigebracht hast, und nichts von anderen.
privacy-trained-here = Nachts trainiere ich ein kleines Modell deines Geschmacks; es wird für niemand anderen benutzt. Was ich hier von dir lerne, wird nur hier benutzt.
privacy-trained-everywhere = Nachts trainiere ich ein kleines Modell deines Geschmacks; es wird für niemand anderen benutzt. Was ich von dir lerne, wird auf allen Servern gleich benutzt.
privacy-not-trained = Wer mich betreibt, hat das Lernen ausgeschaltet: Bewertungen werden aufbewahrt, trainiert wird nichts.
privacy-local = Nichts wird irgendwohin geschickt: Das Modell läuft auf dem Rechner der Person, die mich betreibt.
privacy-edits = Nachrichten, die du auf Discord löschst oder bearbeitest, verschwinden oder ändern sich auch hier.
privacy-ways = { COMMAND("my export") } schickt dir alles, { COMMAND("my personalization") } löscht es hier, wenn du es ausschaltest, { COMMAND("my forget") } überall.
privacy-in-full = Ausführlich: { $url }

## /server, /nachlernen, /zurücksetzen, Ankündigungen

server-people = { $people ->
        [one] { $people } Person lässt
       *[other] { $people } Leute lassen
    } mich lernen, { $refused ->
        [one] { $refused } hat
       *[other] { $refused } haben
    } Nein gesagt; { $models ->
        [one] { $models } eigenes Modell
       *[other] { $models } eigene Modelle
    } in Gebrauch.
server-exchanges = { $replies ->
        [one] { $replies } Gespräch
       *[other] { $replies } Gespräche
    }: 👍 { $likes }, 👎 { $dislikes }, { $corrections ->
        [one] { $corrections } Korrektur
       *[other] { $corrections } Korrekturen
    }.
server-due = { $due ->
        [one] { $due } Person ist
       *[other] { $due } Leute sind
    } dran; die nächste Nacht ist { $night }.
server-due-off = { $due ->
        [one] { $due } Person wäre
       *[other] { $due } Leute wären
    } dran; eine nächste Nacht gibt es nicht: Das Lernen ist ausgeschaltet.
server-run = { $who } { $when }: Das Training { $state ->
        [queued] wartet, bis es dran ist
        [running] läuft
        [promoted] wurde angenommen und ist in Gebrauch
        [rejected] hat die Prüfungen nicht bestanden, also bleibt alles beim Alten
        [postponed] wurde auf die nächste Nacht verschoben
        [cancelled] wurde abgebrochen
       *[failed] ist gescheitert, also bleibt alles beim Alten
    }{ $why }
server-disk = Modelle auf der Festplatte: { $size }.
server-chart-title = Antworten, die gefielen
server-chart-in-words = Welcher Anteil der Antworten jeder Version gefiel, die Versionen aller zusammengenommen.
retrain-nobody = Niemand ist dran: Dafür braucht es { $minimum ->
        [one] { $minimum } neue Bewertung oder Korrektur
       *[other] { $minimum } neue Bewertungen oder Korrekturen
    } von einer Person.
reset-question = Das löscht, was ich auf diesem Server von { $user } gelernt habe, samt Bewertungen und Gesprächen; dann antwortet wieder das Basismodell. Es lässt sich nicht rückgängig machen.
reset-question-keep = Das löscht, was ich auf diesem Server von { $user } gelernt habe; dann antwortet wieder das Basismodell. Es lässt sich nicht rückgängig machen.
reset-button = Zurücksetzen
reset-done = { $user } ist zurück beim Basismodell.
night-title = 🌙 **Letzte Nacht habe ich von { $people ->
        [one] { $people } Person
       *[other] { $people } Leuten
    } gelernt.**
night-better = { $count ->
        [one] { $count } neues Modell hat
       *[other] { $count } neue Modelle haben
    } die Prüfungen bestanden; ab jetzt in Gebrauch
night-kept = { $count ->
        [one] { $count } neues Modell hat
       *[other] { $count } neue Modelle haben
    } die Prüfungen nicht bestanden: Es bleibt, was in Gebrauch war
night-failed = { $count ->
        [one] { $count } Training ist
       *[other] { $count } Trainings sind
    } gescheitert; die nächste Nacht versucht es wieder
night-postponed = { $count ->
        [one] { $count } Person kam
       *[other] { $count } Leute kamen
    } nicht mehr dran; die nächste Nacht beginnt mit ihnen
night-taken-back = { $count ->
        [one] { $count } Modell wurde
       *[other] { $count } Modelle wurden
    } zurückgenommen: Das davor gefiel besser
night-nobody = Letzte Nacht ({ $night }): Niemand war dran.
night-last = Letzte Nacht ({ $night }):
night-last-pace = Letzte Nacht ({ $night }), { $pace } Leute pro Stunde, { $duration } lang:
night-yours = Was dich selbst betrifft: { COMMAND("my status") }

## Einstellungen eines Servers

settings-title = **Wie ich mich auf diesem Server verhalte**
settings-channels = **Kanäle**: { $where }; Threads folgen ihrem Kanal
settings-everywhere = überall, wo ich lesen kann
settings-everywhere-but = überall, wo ich lesen kann, nicht in { $blocked }
settings-only-in = nur in { $allowed }
settings-only-in-but = nur in { $allowed }, nicht in { $blocked }
settings-everybody = **Wer fragen darf**: alle
settings-roles = **Wer fragen darf**: Leute mit { $roles }
settings-and-more = { $names } und { $count } weitere
settings-limits = **Grenzen für jede Person**: { $pause ->
        [0] keine Pause
       *[other] { $pause } s zwischen zwei Fragen
    }, { $daily ->
        [0] keine Tagesgrenze
        [one] { $daily } Antwort am Tag
       *[other] { $daily } Antworten am Tag
    }
settings-limits-all = **Grenzen für alle zusammen**: { $pause ->
        [0] keine Pause
       *[other] { $pause } s zwischen zwei Fragen, egal von wem
    }, { $tokens ->
        [0] keine Tagesgrenze
       *[other] { $tokens } Tokens am Tag
    }
settings-votes = **Bewertungen**: { $style ->
        [buttons] als Buttons
       *[reactions] als Reaktionen
    }, { $yes } und { $no }
settings-language = **Sprache**: { $name }
settings-own-language = **Sprache**: für jede Person die eigene
settings-announced = **Ankündigungen**: die Zusammenfassung der Nacht in { $channel }
settings-not-announced = **Ankündigungen**: keine
settings-button-channels = Kanäle
settings-button-roles = Rollen
settings-button-limits = Grenzen
settings-button-votes = Bewertungen
settings-button-language = Sprache
settings-button-announcements = Ankündigungen
settings-button-defaults = Standard wiederherstellen
settings-button-back = Zurück
settings-button-reactions = Als Reaktionen
settings-button-buttons = Als Buttons
settings-button-emoji = Emojis
settings-hint-channels = Oberes Menü: wo ich antworte; überall, wenn nichts gewählt ist. Unteres Menü: wo ich nie antworte.
settings-hint-roles = Wem ich antworte; allen, wenn keine Rolle gewählt ist.
settings-hint-language = Die Sprache, in der ich hier mit allen rede.
settings-menu-allowed = Nur antworten in … (nichts gewählt: überall)
settings-menu-blocked = Nie antworten in …
settings-menu-roles = Nur Leuten antworten mit … (nichts gewählt: allen)
settings-menu-announcements = Zusammenfassung der Nacht posten in …
settings-menu-own-language = Für jede Person die eigene
settings-cannot-post = In { $channel } darf ich nicht schreiben; erlaub mir dort „Kanal anzeigen“ und „Nachrichten senden“.
settings-form-limits = Grenzen (0: keine)
settings-form-pause = Sekunden zwischen zwei Fragen einer Person
settings-form-daily = Antworten pro Person und Tag
settings-form-pause-all = Sekunden zwischen zwei Fragen von allen
settings-form-tokens = Tokens am Tag, alle Antworten zusammen
settings-form-emoji = Emojis zum Bewerten (leer: die üblichen)
settings-form-likes = Emojis für eine gute Antwort
settings-form-dislikes = Emojis für eine schlechte
settings-wrong-pause = Die Pause ist eine Zahl von Sekunden von 0 (keine) bis { $most }, nicht „{ $given }“; es wurde nichts geändert.
settings-wrong-daily = Die Tagesgrenze ist eine Zahl von Antworten von 0 (keine) bis { $most }, nicht „{ $given }“; es wurde nichts geändert.
settings-wrong-pause-all = Die Pause für alle zusammen ist eine Zahl von Sekunden von 0 (keine) bis { $most }, nicht „{ $given }“; es wurde nichts geändert.
settings-wrong-tokens = Die Tagesgrenze für alle zusammen ist eine Zahl von Tokens von 0 (keine) bis { $most }, nicht „{ $given }“; es wurde nichts geändert.
settings-same-emoji = Dasselbe Emoji kann nicht Ja und Nein bedeuten; es wurde nichts geändert.
settings-both-emoji = Füll beide Felder aus, oder lass beide leer für die üblichen Emojis; es wurde nichts geändert.
settings-many-emoji = Bitte jeweils höchstens { $most } Emojis; es wurde nichts geändert.
settings-foreign-emoji = { $emoji } ist kein Emoji dieses Servers; es wurde nichts geändert.
settings-no-emoji = „{ $given }“ ist kein Emoji; es wurde nichts geändert.
settings-taken-emoji = { $emoji } hat schon eine Bedeutung; es wurde nichts geändert.

## /bowerbird

owner-only = Das darf nur die Person, die mich betreibt.
owner-draining = Ich nehme keine neuen Fragen an. In Arbeit: { $count }.
owner-drained = Ich nehme keine neuen Fragen an, und keine ist mehr in Arbeit: Jetzt kann man mich beenden. { COMMAND("bowerbird resume") } nimmt es zurück.
owner-resumed = Ich antworte wieder.
owner-servers = Auf { $servers ->
        [one] { $servers } Server
       *[other] { $servers } Servern
    }; Discord hat den Heartbeat in { $latency } ms beantwortet.
owner-servers-early = Auf { $servers ->
        [one] { $servers } Server
       *[other] { $servers } Servern
    }; Discord hat den Heartbeat noch nicht beantwortet.
owner-admitting = In Arbeit: { $count }; neue Fragen: alle angenommen.
owner-not-admitting = In Arbeit: { $count }; neue Fragen: keine angenommen.
owner-people = { $people ->
        [one] { $people } Person lässt
       *[other] { $people } Leute lassen
    } mich lernen; { $models ->
        [one] { $models } eigenes Modell
       *[other] { $models } eigene Modelle
    } in Gebrauch, { $size } auf der Festplatte.
owner-trainings = Trainings, die laufen oder warten: { $count }; die nächste Nacht ist { $night }.
owner-trainings-off = Trainings, die laufen oder warten: { $count }; eine nächste Nacht gibt es nicht: Das Lernen ist ausgeschaltet.
owner-model = Basismodell: { $name }.

## Was die Prüfung über eine neue Version sagt

reason-not-finite = Das Training ist entgleist (Zahlen, die nicht endlich sind), deshalb wurde es verworfen.
reason-preference = Bei Bewertungen, die sie nicht kannte, hat sie gemochte und ungemochte Antworten schlechter unterschieden als die jetzige Version ({ $right } der Paare richtig, nötig { $needed }).
reason-drift = Sie hat sich dort zu stark verändert, wo deine Bewertungen nichts sagen ({ $drift } pro Wortstück, höchstens { $most }).
reason-general = Bei gewöhnlichem Text wurde sie { $worse } schlechter (höchstens { $most }).
reason-sense = Ihre neuen Antworten ergaben zu wenig Sinn (Überraschung { $surprise } pro Wortstück über dem Üblichen, höchstens { $most }).
reason-off-topic = Zu wenige ihrer neuen Antworten passten zur Frage ({ $share }, nötig { $needed }).
reason-taste = Nach deinen Bewertungen gefallen ihre neuen Antworten weniger als die vorigen ({ $won } der Vergleiche gewonnen, nötig { $needed }).
reason-empty = Zu viele ihrer neuen Antworten waren leer ({ $share }).
reason-endless = Zu viele ihrer neuen Antworten kamen zu keinem Ende ({ $share }).
reason-repeats = Ihre neuen Antworten haben sich wiederholt.
reason-shorter = Ihre Antworten wurden viel kürzer (das { $ratio }-Fache der üblichen Länge).
reason-longer = Ihre Antworten wurden viel länger (das { $ratio }-Fache der üblichen Länge).
reason-fine = Ihre neuen Antworten ergeben so viel Sinn wie zuvor.
reason-right = Bei Bewertungen, die sie nicht kannte, lag sie bei { $right } der Paare richtig.
reason-few = Für deinen Geschmack gibt es noch zu wenige Bewertungen, deshalb wurde nur die Sicherheit geprüft.
reason-won = Nach deinen Bewertungen haben ihre neuen Antworten { $won } der Vergleiche mit den vorigen gewonnen.
reason-later = Ab etwa { $votes } Bewertungen werden einige zum Prüfen zurückgelegt, das ist genauer.
reason-newer = Deine neueren Bewertungen sagen das Gegenteil der älteren, deshalb zählen nur die neuesten { $count }.
reason-unusable = Sie lässt sich nicht benutzen: { $why }.

## Wie ein Training endete

detail-cancelled = abgebrochen
detail-postponed = die Zeit der Nacht war um; die nächste Nacht beginnt damit
detail-other = ein anderes Training dieser Person lief schon
detail-given-up = nach { $times } Unterbrechungen aufgegeben
detail-off = die Personalisierung ist nicht an
detail-nothing = es gibt nichts, woraus ich lernen könnte
detail-gone = alles, woraus gelernt wurde, ist weg; deshalb antwortet wieder das Basismodell
detail-failed = das Training ist gescheitert
detail-changed = Nachrichten, aus denen gelernt wurde, wurden inzwischen gelöscht oder bearbeitet
detail-ended = der Trainingsprozess hat unerwartet aufgehört ({ $how })
detail-crashed = das Training ist unerwartet gescheitert ({ $kind }); mehr steht im Log
detail-no-room = keine der Antworten passt ins Modell
