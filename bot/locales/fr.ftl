### Français : tutoiement, amical et court.

## Commandes

command-ask = demander
    .description = Pose-moi une question.
    .prompt = question
    .prompt-description = Ce que tu voudrais savoir
command-my = mon
    .description = Ce que j’apprends de toi.
command-my-personalization = personnalisation
    .description = Laisse-moi apprendre de toi, ou arrête et efface tout.
    .state = état
    .state-description = « non » efface aussi ce que j’ai appris de toi ici
command-my-status = statut
    .description = Ce que j’ai appris de toi jusqu’ici.
command-my-history = historique
    .description = Chaque version de ton propre modèle, et ses contrôles.
command-my-rollback = retour
    .description = Que te réponde à nouveau une version antérieure.
    .version = version
    .version-description = Son numéro, comme dans /mon historique ; 0 est le modèle de base
command-my-compare = comparer
    .description = La réponse du modèle de base à côté de la tienne.
    .prompt = question
    .prompt-description = Ce qu’il faut demander aux deux
command-my-privacy = confidentialité
    .description = Ce qui est gardé de toi, combien de temps, et ce que tu décides.
command-my-export = exporter
    .description = Tout ce que je garde de toi, envoyé en ZIP.
command-my-forget = oublier
    .description = Effacer tout ce que je sais de toi, partout.
command-retrain = réentraîner
    .description = Apprendre maintenant plutôt que cette nuit.
    .user = personne
    .user-description = Le modèle de qui ; sans précision, de tous ceux dont c’est le tour
command-reset = réinitialiser
    .description = Ramener quelqu’un au modèle de base.
    .user = personne
    .user-description = Le modèle de qui effacer
    .keep_feedback = garder_les_votes
    .keep_feedback-description = Garder ses votes, pour apprendre à nouveau avec eux
command-server = serveur
    .description = Ce que j’apprends sur ce serveur.
command-server-status = statut
    .description = De qui j’apprends ici, et comment ça se passe.
command-server-settings = paramètres
    .description = Où, à qui et comment je réponds sur ce serveur.
command-bowerbird = bowerbird
    .description = Pour la personne qui gère ce bot.
command-bowerbird-status = statut
    .description = Comment va le bot, sur tous les serveurs réunis.
command-bowerbird-drain = vider
    .description = Ne plus admettre de questions et finir celles en cours.
command-bowerbird-resume = reprendre
    .description = Admettre à nouveau des questions.
command-teach-a-better-reply = Montrer une meilleure réponse
choice-on = oui
choice-off = non

## Quand quelque chose se passe mal

error-manage-server = Seules les personnes qui ont la permission « Gérer le serveur » peuvent faire ça.
error-only-server = Ça ne marche que sur un serveur.
error-memory = Ma mémoire ne marche pas en ce moment ; réessaie plus tard, s’il te plaît. (erreur { $id })
error-unforeseen = Quelque chose s’est mal passé de mon côté ; réessaie, s’il te plaît. (erreur { $id })
error-shared-learning = Ce que j’apprends ici est partagé entre plusieurs serveurs ; seule la personne qui me gère peut donc faire ça.
error-not-yours = Seule la personne à qui je réponds peut faire ça.
error-restarting = On est en train de me redémarrer ; appuie à nouveau dans une minute, s’il te plaît.

known-not-yours-to-teach = Seule la personne à qui j’ai répondu peut me montrer une meilleure réponse.
known-off = Je ne garde rien de toi ; active d’abord { COMMAND("my personalization") }.
known-not-remembered = Je ne me souviens pas de cet échange ; avec { COMMAND("my personalization") } activée, je garde les nouveaux.
known-not-kept = La version { $version } n’est plus gardée ; { COMMAND("my history") } montre celles qui le sont.
known-they-are-off = Cette personne n’a pas activé la personnalisation.
known-nothing-to-learn = Il n’y a aucun vote ni correction de cette personne dont je pourrais apprendre.
known-training-off = L’apprentissage est désactivé ; lis dans le README ce que veut dire TRAINING_ACKNOWLEDGED, puis mets-le à true.
known-interrupted = Interrompu ; ça continue au prochain démarrage.
known-other-process = Un autre processus Bowerbird s’entraîne avec ce DATA_DIR ; réessaie plus tard.
known-queue-full = Beaucoup de monde pose des questions en ce moment ; réessaie dans un instant.
known-queue-yours = Tu as déjà plusieurs questions en attente ; laisse-moi d’abord y répondre.
known-too-long = C’est trop long pour le modèle : { $tokens } tokens, et il en lit { $most } ; raccourcis, s’il te plaît.
known-too-long-together = { $prompt } tokens de question et { $reply } de réponse dépassent les { $most } que ce modèle peut contenir ; raccourcis, s’il te plaît.
known-overflow = Les nombres du modèle ont débordé ; réentraîne-le ou réinitialise-le.
known-no-memory = Il n’y avait pas assez de mémoire pour cette réponse.
known-not-generated = La réponse n’a pas pu être générée ({ $kind }).
known-shut-down = La génération a été arrêtée.
known-not-ready = La génération n’est pas encore prête ; réessaie dans un instant.

## Réponses

chat-hello = Oui ? Écris ta question après mon nom, réponds à un de mes messages ou utilise { COMMAND("ask") }.
chat-only-text = Je ne peux lire que du texte et des fichiers texte ; dis-moi avec des mots ce que tu voudrais savoir, s’il te plaît.
chat-unreadable = Je ne peux pas lire ça : laisse la mention de la réponse activée, ou mentionne-moi.
chat-not-here = Les admins de ce serveur ne veulent pas que je réponde dans ce salon.
answer-one-at-a-time = Une à la fois, s’il te plaît : j’en suis encore à tes questions précédentes.
answer-too-many-here = Trop de monde me pose des questions ici à la fois ; réessaie dans une minute, s’il te plaît.
answer-place = Beaucoup de monde pose des questions en ce moment ; tu as le numéro { $place } dans la file.
answer-next = Beaucoup de monde pose des questions en ce moment ; c’est bientôt ton tour.
answer-no-words = Je n’ai rien à répondre à ça ; essaie de le dire autrement.
answer-stop = Stop
again-offer = Tu as modifié ta question après ma réponse.
again-button = Répondre à nouveau
again-gone = Je ne trouve plus ta question ; pose-la à nouveau, s’il te plaît.
files-left-out = Je peux lire jusqu’à { $most } fichiers texte, alors j’ai laissé de côté { $names }.
files-too-large = Je peux lire des fichiers jusqu’à { $most } Ko, alors j’ai laissé de côté { $names }.
files-shortened = Je n’ai pu lire que le début de { $names }.
admission-draining = On va bientôt me redémarrer ; repose ta question dans quelques minutes, s’il te plaît.
admission-role = Sur ce serveur, je ne réponds qu’aux personnes qui ont { $roles }.
admission-too-soon = Un instant, s’il te plaît : ici, je réponds à chaque personne toutes les { $pause } secondes. Redemande dans { $wait } s.
admission-too-many = Un instant, s’il te plaît : sur ce serveur, je prends une question toutes les { $pause } secondes. Redemande dans { $wait } s.
admission-no-more-today = C’était ma dernière réponse pour toi aujourd’hui : la limite ici est de { $limit } réponses par personne et par jour. Je réponds à nouveau { $again }.
admission-no-tokens = J’ai écrit aujourd’hui tout ce que je peux ici : la limite est de { $limit } tokens par jour. Je réponds à nouveau { $again }.

## Votes, leçons, consentement

vote-counted = C’est compté, merci. Mais je n’apprends que de la personne à qui j’ai répondu.
vote-taken-back = Ton vote est retiré.
vote-not-counted = Je compte les votes des personnes qui me laissent les garder : { COMMAND("my personalization") } l’active pour toi.
teach-button = Montrer
teach-title = Montrer une meilleure réponse
teach-field = Qu’est-ce que j’aurais dû dire ?
teach-ask = Qu’est-ce que j’aurais dû dire ? Si tu veux, montre-moi.
teach-learnt = Merci ! C’est ce que j’apprendrai à dire.
teach-waits = Merci ! J’en apprends dès que tu me le permets : regarde ma question.
teach-only-mine = Choisis une de mes réponses ; je ne peux apprendre que d’elles.
teach-unchanged = C’est ce que j’ai déjà dit ; rien n’a été changé.
consent-offer = { $who }, est-ce que je peux apprendre de tes réactions ? Je garderais nos échanges et tes votes, pour en tenir compte quand je te réponds et pour entraîner un petit modèle de tes goûts ; rien de cela ne sert aux réponses de personne d’autre. Rien n’est gardé tant que tu n’as pas dit oui. { COMMAND("my forget") } efface tout à tout moment.
consent-yes = Oui, apprends de moi
consent-no = Non, merci
consent-said-yes = Merci ! À partir de maintenant, je garde nos échanges et tes votes{ $kept ->
        [0] {""}
        [1] , celui-ci compris
       *[other] , les { $kept } derniers compris
    }. { COMMAND("my status") } montre ce que j’ai appris, { COMMAND("my forget") } efface tout.
consent-said-no = D’accord : je ne garde rien. Si tu changes d’avis, { COMMAND("my personalization") } l’active.
consent-not-asked = Cette question s’adresse à quelqu’un d’autre ; la tienne viendra avec ton propre vote.
confirm-cancel = Annuler
confirm-unchanged = Rien n’a été changé.
confirm-late = Pas de réponse, donc rien n’a été changé.
confirm-restarting = On est en train de me redémarrer, donc rien n’a été changé.

## /mon

my-on = La personnalisation est **activée** : je garde ici nos échanges et tes votes{ $kept ->
        [0] {""}
        [1] {" "}(le dernier compris)
       *[other] {" "}(les { $kept } derniers compris)
    }, et j’en apprends tes goûts. { COMMAND("my forget") } efface tout à tout moment.
my-off = La personnalisation est **désactivée** : je ne garde rien de toi ici.
my-forget = Ceci efface tout ce que je sais de toi, sur ce serveur et partout ailleurs : échanges, votes, ton propre modèle et ses versions. C’est irréversible.
my-forget-button = Tout effacer
my-no-version = Aucune version à toi n’est utilisée ici, donc il n’y a rien à comparer. { COMMAND("my status") } dit quand j’apprends.
my-compared = La même question, les mêmes dés. Aucune des deux réponses n’est gardée, et rien n’en est appris.
my-went-back = À nouveau, c’est **{ $version }** qui te répond. Les nouveaux votes entraînent toujours une prochaine version, qui prend la relève si elle passe les contrôles.
my-still-training = Une version est en cours d’entraînement.
my-no-dm = Je ne peux pas t’envoyer de messages privés. Autorise-les dans les paramètres de confidentialité de ce serveur, puis réessaie.
my-sent = Envoyé en message privé : { $names }.
my-too-large = Trop volumineux pour Discord ; demande une copie à la personne qui me gère : { $names }.
my-one-export = J’emballe encore ta dernière exportation ; un instant, s’il te plaît.
my-chart-title = Ce qui t'a plu
my-chart-base = Base
my-chart-version = Version { $number }
my-chart-note = { NUMBER($share, style: "percent", maximumFractionDigits: 0) }  { $likes } sur { $votes }
my-chart-in-words = La part des réponses de chaque version qui t’a plu, comme le dit le texte.
export-read-me =
    Voici tout ce que Bowerbird garde de toi.

    bowerbird.json
        Ce que tu as décidé sur chaque serveur, ce que tu as demandé, ce qui t’a été répondu, tes
        votes et corrections, les versions de ton propre modèle avec leurs verdicts, et les
        entraînements. Les paroles d’autres personnes n’y sont pas.
    adapters/<serveur>/<toi>/v<version>/
        Les poids de tes propres modèles, en safetensors au format de la bibliothèque PEFT.

## Noms et nombres

size-bytes = { $value } octets
size-kb = { $value } Ko
size-mb = { $value } Mo
size-gb = { $value } Go
never = jamais
comma = {", "}
between-sentences = {" "}
in-brackets = {" "}({ $text })
base-model = le modèle de base
base-model-first = Le modèle de base
version-name = la version { $number }
version-name-first = La version { $number }

## Comment ça se passe

status-off = La personnalisation est **désactivée** : je ne garde rien de toi, et le modèle de base répond. { COMMAND("my personalization") } l’active.
status-on-base = La personnalisation est **activée**. Le modèle de base te répond.
status-on-own = La personnalisation est **activée**. La **version { $version }** de ton propre modèle te répond.
status-kept = Je garde { $replies ->
        [one] { $replies } échange
       *[other] { $replies } échanges
    } : 👍 { $likes }, 👎 { $dislikes }, 🔄 { $again }, { $corrections ->
        [one] { $corrections } correction
       *[other] { $corrections } corrections
    }.
status-others = Il y a { $votes ->
        [one] { $votes } vote d’une autre personne, dont
       *[other] { $votes } votes d’autres personnes, dont
    } je n’apprends pas.
status-new-off = { $count ->
        [one] { $count } nouveau vote ou nouvelle correction
       *[other] { $count } nouveaux votes et corrections
    } ; la personne qui me gère a désactivé l’apprentissage.
status-new-due = { $count ->
        [one] { $count } nouveau vote ou nouvelle correction
       *[other] { $count } nouveaux votes et corrections
    } ; j’en apprends { $night }.
status-new-few = { $count ->
        [one] { $count } nouveau vote ou nouvelle correction
       *[other] { $count } nouveaux votes et corrections
    } ; j’apprends dès qu’il y en a { $needed }.
status-pleased = Combien les réponses t’ont plu : { $shares }.
status-pleased-by = { $version } { NUMBER($share, style: "percent", maximumFractionDigits: 0) } ({ $likes } sur { $votes })
status-last-training = Le dernier entraînement { $state ->
        [queued] attend son tour
        [running] est en cours
        [promoted] a été accepté et est utilisé
        [rejected] n’a pas passé les contrôles, donc rien n’a changé
        [postponed] est reporté à la prochaine nuit
        [cancelled] a été annulé
       *[failed] a échoué, donc rien n’a changé
    }{ $why }
because = {" "}: { $why }
no-reason = .

version-accepted = { $version }{ $notes } a été acceptée { $when }, après { $exchanges ->
        [one] { $exchanges } échange
       *[other] { $exchanges } échanges
    }.
version-rejected = { $version }{ $notes } n’a pas été acceptée { $when }, après { $exchanges ->
        [one] { $exchanges } échange
       *[other] { $exchanges } échanges
    }.
version-liked = { $likes } sur { $votes } t’ont plu
version-in-use = **utilisée**
version-kept = gardée
version-gone = plus gardée
version-taken-back = retirée
version-pleased-less = Retirée { $when } : { $dislikes } des { $votes } réponses sur lesquelles tu as voté t’ont déplu, et avant elle { $dislikes_before } sur { $votes_before }.
history-base = Le modèle de base{ $notes } est toujours là.
history-ways = { COMMAND("my rollback") } te ramène à { $versions } (`0` est le modèle de base).

progress-none = Je me prépare à apprendre…
progress-loading = charge le modèle
progress-training = s’entraîne
progress-gate = contrôle le résultat
progress-left = , encore { $duration } environ
progress-people = { $over } sur { $people } ont fini{ $left }
duration-seconds = { $seconds } s
duration-minutes = { $minutes } min
duration-hours = { $hours } h { $minutes } min
outcome = { $who } : { $version ->
        [0] l’entraînement { $state ->
            [queued] attend son tour
            [running] est en cours
            [promoted] a été accepté et est utilisé
            [rejected] n’a pas passé les contrôles, donc rien n’a changé
            [postponed] est reporté à la prochaine nuit
            [cancelled] a été annulé
           *[failed] a échoué, donc rien n’a changé
        }
       *[other] la version { $version } { $state ->
            [queued] attend son tour
            [running] est en cours
            [promoted] a été acceptée et est utilisée
            [rejected] n’a pas passé les contrôles, donc rien n’a changé
            [postponed] est reportée à la prochaine nuit
            [cancelled] a été annulée
           *[failed] a échoué, donc rien n’a changé
        }
    }.
receipt = Effacé : { $replies ->
        [one] { $replies } échange
       *[other] { $replies } échanges
    }, { $feedback ->
        [one] { $feedback } vote ou correction
       *[other] { $feedback } votes et corrections
    }, { $versions ->
        [one] { $versions } version
       *[other] { $versions } versions
    } du modèle, { $trainings ->
        [one] { $trainings } entraînement
       *[other] { $trainings } entraînements
    }, et tout ce que j’avais encore en mémoire.

privacy-stands = Ce que tu as décidé ici : { $consent ->
        [on] tu as dit **oui**
        [off] tu as dit **non**, donc je ne garde rien de toi
       *[other] tu n’as pas dit oui, donc rien de toi n’est écrit sur le disque
    }.
privacy-kept = Avec ton oui, je garde ce que tu me demandes, mes réponses, et tes votes et corrections, pendant { $days ->
        [one] { $days } jour
       *[other] { $days } jours
    } au plus.
privacy-used = Quand je te réponds, je regarde ce que tu as aimé ou ce que tu m’as appris, et rien d’autres personnes.
privacy-trained-here = La nuit, j’entraîne un petit modèle de tes goûts ; il ne sert à personne d’autre. Ce que j’apprends de toi ici ne sert qu’ici.
privacy-trained-everywhere = La nuit, j’entraîne un petit modèle de tes goûts ; il ne sert à personne d’autre. Ce que j’apprends de toi sert de la même façon sur tous les serveurs.
privacy-not-trained = La personne qui me gère a désactivé l’apprentissage : les votes sont gardés, rien n’est entraîné.
privacy-local = Rien n’est envoyé nulle part : le modèle tourne sur la machine de la personne qui me gère.
privacy-edits = Les messages que tu supprimes ou modifies sur Discord disparaissent ou changent ici aussi.
privacy-ways = { COMMAND("my export") } t’envoie tout, { COMMAND("my personalization") } l’efface ici quand tu la désactives, { COMMAND("my forget") } partout.
privacy-in-full = En entier : { $url }

## /serveur, /réentraîner, /réinitialiser, annonces

server-people = { $people ->
        [one] { $people } personne me laisse
       *[other] { $people } personnes me laissent
    } apprendre, { $refused ->
        [one] { $refused } a
       *[other] { $refused } ont
    } dit non ; { $models ->
        [one] { $models } modèle personnel utilisé
       *[other] { $models } modèles personnels utilisés
    }.
server-exchanges = { $replies ->
        [one] { $replies } échange
       *[other] { $replies } échanges
    } : 👍 { $likes }, 👎 { $dislikes }, { $corrections ->
        [one] { $corrections } correction
       *[other] { $corrections } corrections
    }.
server-due = C’est le tour de { $due ->
        [one] { $due } personne
       *[other] { $due } personnes
    } ; prochaine nuit { $night }.
server-due-off = C’est le tour de { $due ->
        [one] { $due } personne
       *[other] { $due } personnes
    } ; pas de prochaine nuit : l’apprentissage est désactivé.
server-run = { $who } { $when } : l’entraînement { $state ->
        [queued] attend son tour
        [running] est en cours
        [promoted] a été accepté et est utilisé
        [rejected] n’a pas passé les contrôles, donc rien n’a changé
        [postponed] est reporté à la prochaine nuit
        [cancelled] a été annulé
       *[failed] a échoué, donc rien n’a changé
    }{ $why }
server-disk = Modèles sur le disque : { $size }.
server-chart-title = Ce qui a plu
server-chart-in-words = La part des réponses de chaque version qui a plu, les versions de tout le monde réunies.
retrain-nobody = Ce n’est le tour de personne : il faut { $minimum ->
        [one] { $minimum } nouveau vote ou nouvelle correction
       *[other] { $minimum } nouveaux votes ou corrections
    } d’une personne.
reset-question = Ceci efface ce que j’ai appris de { $user } sur ce serveur, ses votes et échanges compris ; le modèle de base lui répondra à nouveau. C’est irréversible.
reset-question-keep = Ceci efface ce que j’ai appris de { $user } sur ce serveur ; le modèle de base lui répondra à nouveau. C’est irréversible.
reset-button = Réinitialiser
reset-done = { $user } est de retour au modèle de base.
night-title = 🌙 **La nuit dernière, j’ai appris de { $people ->
        [one] { $people } personne
       *[other] { $people } personnes
    }.**
night-better = { $count ->
        [one] { $count } nouveau modèle a passé les contrôles ; utilisé
       *[other] { $count } nouveaux modèles ont passé les contrôles ; utilisés
    } à partir de maintenant
night-kept = { $count ->
        [one] { $count } nouveau modèle n’a pas passé
       *[other] { $count } nouveaux modèles n’ont pas passé
    } les contrôles : ce qui était utilisé le reste
night-failed = { $count ->
        [one] { $count } entraînement a échoué
       *[other] { $count } entraînements ont échoué
    } ; la prochaine nuit réessaie
night-postponed = Le temps a manqué pour { $count ->
        [one] { $count } personne
       *[other] { $count } personnes
    } ; la prochaine nuit commence par là
night-taken-back = { $count ->
        [one] { $count } modèle a été retiré
       *[other] { $count } modèles ont été retirés
    } : le précédent plaisait davantage
night-nobody = La nuit dernière ({ $night }) : ce n’était le tour de personne.
night-last = La nuit dernière ({ $night }) :
night-last-pace = La nuit dernière ({ $night }), { $pace } personnes par heure pendant { $duration } :
night-yours = Pour toi : { COMMAND("my status") }

## Paramètres d’un serveur

settings-title = **Comment je me comporte sur ce serveur**
settings-channels = **Salons** : { $where } ; les fils suivent leur salon
settings-everywhere = partout où je peux lire
settings-everywhere-but = partout où je peux lire, sauf dans { $blocked }
settings-only-in = seulement dans { $allowed }
settings-only-in-but = seulement dans { $allowed }, pas dans { $blocked }
settings-everybody = **Qui peut demander** : tout le monde
settings-roles = **Qui peut demander** : les personnes qui ont { $roles }
settings-and-more = { $names } et { $count } de plus
settings-limits = **Limites par personne** : { $pause ->
        [0] pas de pause
       *[other] { $pause } s entre deux questions
    }, { $daily ->
        [0] pas de limite par jour
        [one] { $daily } réponse par jour
       *[other] { $daily } réponses par jour
    }
settings-limits-all = **Limites pour tous ensemble** : { $pause ->
        [0] pas de pause
       *[other] { $pause } s entre deux questions de n’importe qui
    }, { $tokens ->
        [0] pas de limite par jour
       *[other] { $tokens } tokens par jour
    }
settings-votes = **Votes** : { $style ->
        [buttons] par boutons
       *[reactions] par réactions
    }, { $yes } et { $no }
settings-language = **Langue** : { $name }
settings-own-language = **Langue** : celle de chaque personne
settings-announced = **Annonces** : le résumé de la nuit dans { $channel }
settings-not-announced = **Annonces** : aucune
settings-button-channels = Salons
settings-button-roles = Rôles
settings-button-limits = Limites
settings-button-votes = Votes
settings-button-language = Langue
settings-button-announcements = Annonces
settings-button-defaults = Réglages par défaut
settings-button-back = Retour
settings-button-reactions = Par réactions
settings-button-buttons = Par boutons
settings-button-emoji = Émojis
settings-hint-channels = Menu du haut : où je réponds ; partout si rien n’est choisi. Menu du bas : où je ne réponds jamais.
settings-hint-roles = À qui je réponds ; à tout le monde si aucun rôle n’est choisi.
settings-hint-language = La langue que je parle à tout le monde ici.
settings-menu-allowed = Répondre seulement dans… (aucun : partout)
settings-menu-blocked = Ne jamais répondre dans…
settings-menu-roles = Répondre seulement aux personnes avec… (aucun : à tous)
settings-menu-announcements = Publier le résumé de la nuit dans…
settings-menu-own-language = Celle de chaque personne
settings-cannot-post = Je ne peux pas écrire dans { $channel } ; accorde-moi là-bas « Voir le salon » et « Envoyer des messages ».
settings-form-limits = Limites (0 : aucune)
settings-form-pause = Secondes entre deux questions d’une personne
settings-form-daily = Réponses par personne et par jour
settings-form-pause-all = Secondes entre deux questions de quiconque
settings-form-tokens = Tokens par jour, toutes réponses réunies
settings-form-emoji = Émojis pour voter (vide : les habituels)
settings-form-likes = Émojis pour une bonne réponse
settings-form-dislikes = Émojis pour une mauvaise
settings-wrong-pause = La pause est un nombre de secondes de 0 (aucune) à { $most }, pas « { $given } » ; rien n’a été changé.
settings-wrong-daily = La limite par jour est un nombre de réponses de 0 (aucune) à { $most }, pas « { $given } » ; rien n’a été changé.
settings-wrong-pause-all = La pause de tous ensemble est un nombre de secondes de 0 (aucune) à { $most }, pas « { $given } » ; rien n’a été changé.
settings-wrong-tokens = La limite par jour de tous ensemble est un nombre de tokens de 0 (aucune) à { $most }, pas « { $given } » ; rien n’a été changé.
settings-same-emoji = Le même émoji ne peut pas vouloir dire oui et non ; rien n’a été changé.
settings-both-emoji = Remplis les deux champs, ou laisse les deux vides pour les émojis habituels ; rien n’a été changé.
settings-many-emoji = Au plus { $most } émojis chacun, s’il te plaît ; rien n’a été changé.
settings-foreign-emoji = { $emoji } n’est pas un émoji de ce serveur ; rien n’a été changé.
settings-no-emoji = « { $given } » n’est pas un émoji ; rien n’a été changé.
settings-taken-emoji = { $emoji } a déjà un sens ; rien n’a été changé.

## /bowerbird

owner-only = Seule la personne qui me gère peut faire ça.
owner-draining = Je n’admets plus de questions. Encore en cours : { $count }.
owner-drained = Je n’admets plus de questions et plus aucune n’est en cours : on peut m’arrêter maintenant. { COMMAND("bowerbird resume") } revient là-dessus.
owner-resumed = Je réponds à nouveau.
owner-servers = Sur { $servers ->
        [one] { $servers } serveur
       *[other] { $servers } serveurs
    } ; Discord a répondu au heartbeat en { $latency } ms.
owner-servers-early = Sur { $servers ->
        [one] { $servers } serveur
       *[other] { $servers } serveurs
    } ; Discord n’a pas encore répondu au heartbeat.
owner-admitting = En cours : { $count } ; nouvelles questions : toutes admises.
owner-not-admitting = En cours : { $count } ; nouvelles questions : aucune admise.
owner-people = { $people ->
        [one] { $people } personne me laisse
       *[other] { $people } personnes me laissent
    } apprendre ; { $models ->
        [one] { $models } modèle personnel utilisé
       *[other] { $models } modèles personnels utilisés
    }, { $size } sur le disque.
owner-trainings = Entraînements en cours ou en attente : { $count } ; prochaine nuit { $night }.
owner-trainings-off = Entraînements en cours ou en attente : { $count } ; pas de prochaine nuit : l’apprentissage est désactivé.
owner-model = Modèle de base : { $name }.

## Ce que le contrôle dit d’une nouvelle version

reason-not-finite = L’entraînement a déraillé (des nombres qui ne sont pas finis), il a donc été jeté.
reason-preference = Sur des votes qu’elle n’avait pas vus, elle distinguait moins bien que la version actuelle les réponses aimées des autres ({ $right } des paires justes, il fallait { $needed }).
reason-drift = Elle a trop changé là où tes votes ne disent rien ({ $drift } par morceau de mot, au plus { $most }).
reason-general = Elle est devenue moins bonne de { $worse } sur du texte ordinaire (au plus { $most }).
reason-sense = Ses nouvelles réponses avaient trop peu de sens (surprise de { $surprise } par fragment de mot au-dessus de l’habituel, au plus { $most }).
reason-off-topic = Trop peu de ses nouvelles réponses correspondent à leurs questions ({ $share }, il en fallait { $needed }).
reason-taste = D’après tes votes, ses nouvelles réponses plaisent moins que les précédentes ({ $won } des comparaisons gagnées, il en fallait { $needed }).
reason-empty = Trop de ses nouvelles réponses étaient vides ({ $share }).
reason-endless = Trop de ses nouvelles réponses n’arrivaient à aucune fin ({ $share }).
reason-repeats = Ses nouvelles réponses se répétaient.
reason-shorter = Ses réponses sont devenues bien plus courtes ({ $ratio } fois la longueur habituelle).
reason-longer = Ses réponses sont devenues bien plus longues ({ $ratio } fois la longueur habituelle).
reason-fine = Ses nouvelles réponses ont autant de sens qu’avant.
reason-right = Sur des votes qu’elle n’avait pas vus, elle a eu { $right } des paires justes.
reason-few = Il y a encore trop peu de votes pour mesurer son goût, seule la sécurité a donc été contrôlée.
reason-won = D’après tes votes, ses nouvelles réponses ont gagné { $won } des comparaisons avec les précédentes.
reason-later = À partir d’environ { $votes } votes, certains sont gardés pour juger, ce qui est plus précis.
reason-newer = Tes votes récents disent le contraire des plus anciens, donc seuls les { $count } derniers comptent.
reason-unusable = Elle ne peut pas être utilisée : { $why }.

## Comment un entraînement s’est terminé

detail-cancelled = annulé
detail-postponed = le temps de la nuit était écoulé ; la prochaine commence par là
detail-other = un autre entraînement de cette personne était en cours
detail-given-up = abandonné après { $times } interruptions
detail-off = la personnalisation n’est pas activée
detail-nothing = il n’y a rien dont apprendre
detail-gone = tout ce dont il a été appris a disparu, le modèle de base répond donc à nouveau
detail-failed = l’entraînement a échoué
detail-changed = des messages dont il apprenait ont été supprimés ou modifiés entre-temps
detail-ended = le processus d’entraînement s’est terminé de façon inattendue ({ $how })
detail-crashed = l’entraînement a échoué de façon inattendue ({ $kind }) ; voir le journal
detail-no-room = aucune des réponses ne tient dans le modèle
