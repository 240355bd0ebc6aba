### Español: de tú, cercano y breve, sin giros de un solo país (lo leen también en América).

## Comandos

command-ask = pregunta
    .description = Pregúntame algo.
    .prompt = pregunta
    .prompt-description = Lo que quieres saber
command-my = mi
    .description = Lo que aprendo de ti.
command-my-personalization = personalización
    .description = Deja que aprenda de ti, o páralo y bórralo todo.
    .state = estado
    .state-description = «no» borra además lo que he aprendido de ti aquí
command-my-status = estado
    .description = Lo que he aprendido de ti hasta ahora.
command-my-history = historial
    .description = Cada versión de tu propio modelo y sus comprobaciones.
command-my-rollback = volver
    .description = Que te responda otra vez una versión anterior.
    .version = versión
    .version-description = Su número, según /mi historial; 0 es el modelo base
command-my-compare = comparar
    .description = La respuesta del modelo base junto a la tuya.
    .prompt = pregunta
    .prompt-description = Qué preguntar a los dos
command-my-privacy = privacidad
    .description = Qué se guarda de ti, cuánto tiempo y qué decides tú.
command-my-export = exportar
    .description = Todo lo que guardo de ti, enviado en un ZIP.
command-my-forget = olvidar
    .description = Borra todo lo que sé de ti, en todas partes.
command-retrain = reentrenar
    .description = Aprender ahora en vez de por la noche.
    .user = persona
    .user-description = De quién es el modelo; si no se indica, todos a quienes les toca
command-reset = restablecer
    .description = Devolver a alguien al modelo base.
    .user = persona
    .user-description = De quién es el modelo que se borra
    .keep_feedback = conservar_votos
    .keep_feedback-description = Conservar sus votos para aprender de nuevo con ellos
command-server = servidor
    .description = Lo que aprendo en este servidor.
command-server-status = estado
    .description = De quién aprendo aquí y cómo va.
command-server-settings = ajustes
    .description = Dónde, a quién y cómo respondo en este servidor.
command-bowerbird = bowerbird
    .description = Para quien administra este bot.
command-bowerbird-status = estado
    .description = Cómo está el bot, en todos los servidores juntos.
command-bowerbird-drain = vaciar
    .description = No admitir preguntas nuevas y terminar las que están en curso.
command-bowerbird-resume = reanudar
    .description = Volver a admitir preguntas.
command-teach-a-better-reply = Enseñar una respuesta mejor
choice-on = sí
choice-off = no

## Cuando algo sale mal

error-manage-server = Eso solo pueden hacerlo quienes tienen el permiso «Gestionar servidor».
error-only-server = Eso solo funciona dentro de un servidor.
error-memory = Mi memoria no funciona ahora mismo; vuelve a intentarlo más tarde, por favor. (error { $id })
error-unforeseen = Algo ha fallado por mi parte; vuelve a intentarlo, por favor. (error { $id })
error-shared-learning = Lo que aprendo aquí lo comparten varios servidores, así que eso solo puede hacerlo quien me administra.
error-not-yours = Eso solo puede hacerlo la persona a la que respondo.
error-restarting = Me están reiniciando; vuelve a pulsar dentro de un minuto, por favor.

known-not-yours-to-teach = Solo la persona a la que respondí puede enseñarme una respuesta mejor.
known-off = No guardo nada de ti; activa primero { COMMAND("my personalization") }.
known-not-remembered = No recuerdo esta conversación; con { COMMAND("my personalization") } activada guardo las nuevas.
known-not-kept = La versión { $version } ya no se guarda; { COMMAND("my history") } muestra las que sí.
known-they-are-off = Esta persona no ha activado la personalización.
known-nothing-to-learn = No hay ningún voto ni corrección de esta persona de los que aprender.
known-training-off = El aprendizaje está desactivado; lee en el README qué significa TRAINING_ACKNOWLEDGED y después ponlo en true.
known-interrupted = Interrumpido; sigue en el próximo arranque.
known-other-process = Otro proceso de Bowerbird está entrenando con este DATA_DIR; inténtalo más tarde.
known-queue-full = Ahora mismo pregunta mucha gente; inténtalo dentro de un momento.
known-queue-yours = Tienes varias preguntas esperando; déjame responder primero a esas.
known-too-long = Esto es demasiado largo para el modelo: { $tokens } tokens, y lee { $most }; acórtalo, por favor.
known-too-long-together = { $prompt } tokens de pregunta y { $reply } de respuesta son más que los { $most } que caben en este modelo; acórtalo, por favor.
known-overflow = Los números del modelo se han desbordado; vuelve a entrenarlo o restablécelo.
known-no-memory = No había memoria suficiente para esta respuesta.
known-not-generated = No se ha podido generar la respuesta ({ $kind }).
known-shut-down = La generación se ha detenido.
known-not-ready = La generación aún no está lista; inténtalo dentro de un momento.

## Respuestas

chat-hello = ¿Sí? Escribe tu pregunta después de mi nombre, responde a uno de mis mensajes o usa { COMMAND("ask") }.
chat-only-text = Solo puedo leer texto y archivos de texto; dime con palabras qué quieres saber, por favor.
chat-unreadable = No puedo leer esto: deja activada la mención de la respuesta o mencióname.
chat-not-here = Los administradores de este servidor no quieren que responda en este canal.
answer-one-at-a-time = De una en una, por favor: aún estoy con tus preguntas anteriores.
answer-too-many-here = Aquí me pregunta demasiada gente a la vez; inténtalo dentro de un minuto, por favor.
answer-place = Ahora mismo pregunta mucha gente; tienes el número { $place } en la cola.
answer-next = Ahora mismo pregunta mucha gente; te toca a continuación.
answer-no-words = No se me ocurre nada que decir; prueba con otras palabras.
answer-stop = Parar
again-offer = Has cambiado tu pregunta después de que respondiera.
again-button = Responder otra vez
again-gone = Ya no encuentro tu pregunta; hazla otra vez, por favor.
files-left-out = Puedo leer hasta { $most } archivos de texto, así que he dejado fuera { $names }.
files-too-large = Puedo leer archivos de hasta { $most } KB, así que he dejado fuera { $names }.
files-shortened = Solo he podido leer el principio de { $names }.
admission-draining = Están a punto de reiniciarme; pregúntame otra vez dentro de unos minutos, por favor.
admission-role = En este servidor solo respondo a quienes tienen { $roles }.
admission-too-soon = Un momento, por favor: aquí respondo a cada persona cada { $pause } segundos. Pregunta otra vez dentro de { $wait } s.
admission-too-many = Un momento, por favor: en este servidor admito una pregunta cada { $pause } segundos. Pregunta otra vez dentro de { $wait } s.
admission-no-more-today = Esa ha sido mi última respuesta para ti por hoy: el límite aquí es de { $limit } respuestas por persona y día. Vuelvo a responder { $again }.
admission-no-tokens = Hoy ya he escrito todo lo que puedo aquí: el límite es de { $limit } tokens al día. Vuelvo a responder { $again }.

## Votos, lecciones, consentimiento

vote-counted = Contado, gracias. Pero solo aprendo de la persona a la que respondí.
vote-taken-back = Tu voto se ha retirado.
vote-not-counted = Cuento los votos de quienes me dejan guardarlos: { COMMAND("my personalization") } lo activa para ti.
teach-button = Enseñar
teach-title = Enseñar una respuesta mejor
teach-field = ¿Qué debería haber dicho?
teach-ask = ¿Qué debería haber dicho? Si quieres, enséñamelo.
teach-learnt = ¡Gracias! Eso es lo que aprenderé a decir.
teach-waits = ¡Gracias! Aprendo de ello en cuanto me dejes: mira mi pregunta.
teach-only-mine = Elige una de mis respuestas; solo puedo aprender de ellas.
teach-unchanged = Eso es lo que ya había dicho; no se ha cambiado nada.
consent-offer = { $who }, ¿puedo aprender de tus reacciones? Guardaría nuestras conversaciones y tus votos sobre ellas, para tenerlo todo en cuenta cuando te respondo y para entrenar un pequeño modelo de tu gusto; nada de eso se usa en las respuestas de nadie más. No se guarda nada hasta que digas que sí. { COMMAND("my forget") } lo borra todo cuando quieras.
consent-yes = Sí, aprende de mí
consent-no = No, gracias
consent-said-yes = ¡Gracias! Desde ahora guardo nuestras conversaciones y tus votos{ $kept ->
        [0] {""}
        [1] , también los de esta
       *[other] , también los de las últimas { $kept }
    }. { COMMAND("my status") } muestra lo que he aprendido, { COMMAND("my forget") } lo borra todo.
consent-said-no = De acuerdo: no guardo nada. Si cambias de idea, { COMMAND("my personalization") } lo activa.
consent-not-asked = Esta pregunta es para otra persona; la tuya llega con tu propio voto.
confirm-cancel = Cancelar
confirm-unchanged = No se ha cambiado nada.
confirm-late = Sin respuesta, así que no se ha cambiado nada.
confirm-restarting = Me están reiniciando, así que no se ha cambiado nada.

## /mi

my-on = La personalización está **activada**: guardo nuestras conversaciones aquí y tus votos sobre ellas{ $kept ->
        [0] {""}
        [1] {" "}(también la última)
       *[other] {" "}(también las últimas { $kept })
    }, y con ellas aprendo tu gusto. { COMMAND("my forget") } lo borra todo cuando quieras.
my-off = La personalización está **desactivada**: aquí no guardo nada de ti.
my-forget = Esto borra todo lo que sé de ti, en este servidor y en todas partes: conversaciones, votos, tu propio modelo y sus versiones. No se puede deshacer.
my-forget-button = Borrarlo todo
my-no-version = Aquí no hay ninguna versión tuya en uso, así que no hay nada que comparar. { COMMAND("my status") } dice cuándo aprendo.
my-compared = La misma pregunta, los mismos dados. Ninguna de las respuestas se guarda, y no se aprende nada de ellas.
my-went-back = Vuelve a responderte **{ $version }**. Los votos nuevos siguen entrenando una próxima versión, que toma el relevo si pasa las comprobaciones.
my-still-training = Ahora mismo se está entrenando una.
my-no-dm = No puedo enviarte mensajes directos. Permítelos en los ajustes de privacidad de este servidor y vuelve a intentarlo.
my-sent = Enviado por mensaje directo: { $names }.
my-too-large = Demasiado grande para Discord; pide una copia a quien me administra: { $names }.
my-one-export = Aún estoy empaquetando tu última exportación; un momento, por favor.
my-chart-title = Respuestas que te gustaron
my-chart-base = Modelo base
my-chart-version = v{ $number }
my-chart-note = { NUMBER($share, style: "percent", maximumFractionDigits: 0) }  { $likes } de { $votes }
my-chart-in-words = Qué parte de las respuestas de cada versión te gustó, como dice el texto.
export-read-me =
    Esto es todo lo que Bowerbird guarda de ti.

    bowerbird.json
        Qué has decidido en cada servidor, qué preguntaste, qué se te respondió, tus votos y
        correcciones, las versiones de tu propio modelo con sus veredictos, y los entrenamientos.
        Las palabras de otras personas no se incluyen.
    adapters/<servidor>/<tú>/v<versión>/
        Los pesos de tus propios modelos, como safetensors en el formato de la biblioteca PEFT.

## Nombres y números

size-bytes = { $value } bytes
size-kb = { $value } KB
size-mb = { $value } MB
size-gb = { $value } GB
never = nunca
comma = {", "}
between-sentences = {" "}
in-brackets = {" "}({ $text })
base-model = el modelo base
base-model-first = El modelo base
version-name = la versión { $number }
version-name-first = La versión { $number }

## Cómo va

status-off = La personalización está **desactivada**: no guardo nada de ti, y responde el modelo base. { COMMAND("my personalization") } la activa.
status-on-base = La personalización está **activada**. Te responde el modelo base.
status-on-own = La personalización está **activada**. Te responde la **versión { $version }** de tu propio modelo.
status-kept = Guardo { $replies ->
        [one] { $replies } conversación
       *[other] { $replies } conversaciones
    }: 👍 { $likes }, 👎 { $dislikes }, 🔄 { $again }, { $corrections ->
        [one] { $corrections } corrección
       *[other] { $corrections } correcciones
    }.
status-others = Hay { $votes ->
        [one] { $votes } voto de otra persona, del que
       *[other] { $votes } votos de otras personas, de los que
    } no aprendo.
status-new-off = { $count ->
        [one] { $count } voto o corrección más
       *[other] { $count } votos y correcciones más
    }; quien me administra ha desactivado el aprendizaje.
status-new-due = { $count ->
        [one] { $count } voto o corrección más
       *[other] { $count } votos y correcciones más
    }; aprendo de ello { $night }.
status-new-few = { $count ->
        [one] { $count } voto o corrección más
       *[other] { $count } votos y correcciones más
    }; aprendo en cuanto haya { $needed }.
status-pleased = Cuánto te gustaron las respuestas: { $shares }.
status-pleased-by = { $version } { NUMBER($share, style: "percent", maximumFractionDigits: 0) } ({ $likes } de { $votes })
status-last-training = El último entrenamiento { $state ->
        [queued] espera su turno
        [running] está en marcha
        [promoted] se aceptó y está en uso
        [rejected] no pasó las comprobaciones, así que no cambió nada
        [postponed] se aplazó hasta la próxima noche
        [cancelled] se canceló
       *[failed] falló, así que no cambió nada
    }{ $why }
because = : { $why }
no-reason = .

version-accepted = { $version }{ $notes } se aceptó { $when }, con { $exchanges ->
        [one] { $exchanges } conversación
       *[other] { $exchanges } conversaciones
    }.
version-rejected = { $version }{ $notes } no se aceptó { $when }, con { $exchanges ->
        [one] { $exchanges } conversación
       *[other] { $exchanges } conversaciones
    }.
version-liked = te gustaron { $likes } de { $votes }
version-in-use = **en uso**
version-kept = guardada
version-gone = ya no se guarda
version-taken-back = retirada
version-pleased-less = Retirada { $when }: no te gustaron { $dislikes } de las { $votes } respuestas que votaste, y antes { $dislikes_before } de { $votes_before }.
history-base = El modelo base{ $notes } está siempre ahí.
history-ways = { COMMAND("my rollback") } te lleva a { $versions } (`0` es el modelo base).

progress-none = Me preparo para aprender…
progress-loading = cargando el modelo
progress-training = entrenando
progress-gate = comprobando el resultado
progress-left = , quedan unos { $duration }
progress-people = { $over } de { $people } han terminado{ $left }
duration-seconds = { $seconds } s
duration-minutes = { $minutes } min
duration-hours = { $hours } h { $minutes } min
outcome = { $who }: { $version ->
        [0] el entrenamiento
       *[other] la versión { $version }
    } { $state ->
        [queued] espera su turno
        [running] está en marcha
        [promoted] se aceptó y está en uso
        [rejected] no pasó las comprobaciones, así que no cambió nada
        [postponed] se aplazó hasta la próxima noche
        [cancelled] se canceló
       *[failed] falló, así que no cambió nada
    }.
receipt = Borrado: { $replies ->
        [one] { $replies } conversación
       *[other] { $replies } conversaciones
    }, { $feedback ->
        [one] { $feedback } voto o corrección
       *[other] { $feedback } votos y correcciones
    }, { $versions ->
        [one] { $versions } versión
       *[other] { $versions } versiones
    } del modelo, { $trainings ->
        [one] { $trainings } entrenamiento
       *[other] { $trainings } entrenamientos
    } y todo lo que aún tenía en la memoria.

privacy-stands = Lo que has decidido aquí: { $consent ->
        [on] dijiste que **sí**
        [off] dijiste que **no**, así que no guardo nada de ti
       *[other] no has dicho que sí, así que no se guarda nada tuyo en el disco
    }.
privacy-kept = Con tu sí guardo lo que me preguntas, mis respuestas y tus votos y correcciones, durante { $days ->
        [one] { $days } día
       *[other] { $days } días
    } como mucho.
privacy-used = Cuando te respondo, miro lo que te gustó o lo que me enseñaste, y nada de otras personas.
privacy-trained-here = Por la noche entreno un pequeño modelo de tu gusto; no se usa para nadie más. Lo que aprendo de ti aquí solo se usa aquí.
privacy-trained-everywhere = Por la noche entreno un pequeño modelo de tu gusto; no se usa para nadie más. Lo que aprendo de ti se usa igual en todos los servidores.
privacy-not-trained = Quien me administra ha desactivado el aprendizaje: los votos se guardan, no se entrena nada.
privacy-local = No se envía nada a ninguna parte: el modelo funciona en la máquina de quien me administra.
privacy-edits = Los mensajes que borras o editas en Discord desaparecen o cambian también aquí.
privacy-ways = { COMMAND("my export") } te lo envía todo, { COMMAND("my personalization") } lo borra aquí cuando la desactivas, { COMMAND("my forget") } en todas partes.
privacy-in-full = Al completo: { $url }

## /servidor, /reentrenar, /restablecer, anuncios

server-people = { $people ->
        [one] { $people } persona me deja
       *[other] { $people } personas me dejan
    } aprender, { $refused ->
        [one] { $refused } dijo
       *[other] { $refused } dijeron
    } que no; { $models ->
        [one] { $models } modelo propio
       *[other] { $models } modelos propios
    } en uso.
server-exchanges = { $replies ->
        [one] { $replies } conversación
       *[other] { $replies } conversaciones
    }: 👍 { $likes }, 👎 { $dislikes }, { $corrections ->
        [one] { $corrections } corrección
       *[other] { $corrections } correcciones
    }.
server-due = Le toca a { $due ->
        [one] { $due } persona
       *[other] { $due } personas
    }; próxima noche { $night }.
server-due-off = Le toca a { $due ->
        [one] { $due } persona
       *[other] { $due } personas
    }; no hay próxima noche: el aprendizaje está desactivado.
server-run = { $who } { $when }: el entrenamiento { $state ->
        [queued] espera su turno
        [running] está en marcha
        [promoted] se aceptó y está en uso
        [rejected] no pasó las comprobaciones, así que no cambió nada
        [postponed] se aplazó hasta la próxima noche
        [cancelled] se canceló
       *[failed] falló, así que no cambió nada
    }{ $why }
server-disk = Modelos en el disco: { $size }.
server-chart-title = Respuestas que gustaron
server-chart-in-words = Qué parte de las respuestas de cada versión gustó, con las versiones de todos juntas.
retrain-nobody = No le toca a nadie: { $minimum ->
        [one] hace falta { $minimum } voto o corrección nuevos
       *[other] hacen falta { $minimum } votos o correcciones nuevos
    } de una persona.
reset-question = Esto borra lo que he aprendido de { $user } en este servidor, con sus votos y conversaciones; vuelve a responderle el modelo base. No se puede deshacer.
reset-question-keep = Esto borra lo que he aprendido de { $user } en este servidor; vuelve a responderle el modelo base. No se puede deshacer.
reset-button = Restablecer
reset-done = { $user } ha vuelto al modelo base.
night-title = 🌙 **Anoche aprendí de { $people ->
        [one] { $people } persona
       *[other] { $people } personas
    }.**
night-better = { $count ->
        [one] { $count } modelo nuevo pasó
       *[other] { $count } modelos nuevos pasaron
    } las comprobaciones; en uso desde ahora
night-kept = { $count ->
        [one] { $count } modelo nuevo no pasó
       *[other] { $count } modelos nuevos no pasaron
    } las comprobaciones: sigue lo que estaba en uso
night-failed = { $count ->
        [one] { $count } entrenamiento falló
       *[other] { $count } entrenamientos fallaron
    }; la próxima noche lo intenta otra vez
night-postponed = { $count ->
        [one] { $count } persona se quedó
       *[other] { $count } personas se quedaron
    } sin tiempo; la próxima noche empieza por ahí
night-taken-back = { $count ->
        [one] { $count } modelo se retiró
       *[other] { $count } modelos se retiraron
    }: el anterior gustaba más
night-nobody = Anoche ({ $night }): no le tocaba a nadie.
night-last = Anoche ({ $night }):
night-last-pace = Anoche ({ $night }), { $pace } personas por hora durante { $duration }:
night-yours = Lo tuyo: { COMMAND("my status") }

## Ajustes de un servidor

settings-title = **Cómo me comporto en este servidor**
settings-channels = **Canales**: { $where }; los hilos siguen a su canal
settings-everywhere = en todos los que puedo leer
settings-everywhere-but = en todos los que puedo leer, menos { $blocked }
settings-only-in = solo en { $allowed }
settings-only-in-but = solo en { $allowed }, no en { $blocked }
settings-everybody = **Quién puede preguntar**: todo el mundo
settings-roles = **Quién puede preguntar**: quienes tienen { $roles }
settings-and-more = { $names } y { $count } más
settings-limits = **Límites por persona**: { $pause ->
        [0] sin pausa
       *[other] { $pause } s entre dos preguntas
    }, { $daily ->
        [0] sin límite diario
        [one] { $daily } respuesta al día
       *[other] { $daily } respuestas al día
    }
settings-limits-all = **Límites para todos juntos**: { $pause ->
        [0] sin pausa
       *[other] { $pause } s entre dos preguntas de cualquiera
    }, { $tokens ->
        [0] sin límite diario
       *[other] { $tokens } tokens al día
    }
settings-votes = **Votos**: { $style ->
        [buttons] como botones
       *[reactions] como reacciones
    }, { $yes } y { $no }
settings-language = **Idioma**: { $name }
settings-own-language = **Idioma**: el de cada persona
settings-announced = **Anuncios**: el resumen de la noche en { $channel }
settings-not-announced = **Anuncios**: ninguno
settings-button-channels = Canales
settings-button-roles = Roles
settings-button-limits = Límites
settings-button-votes = Votos
settings-button-language = Idioma
settings-button-announcements = Anuncios
settings-button-defaults = Valores predeterminados
settings-button-back = Atrás
settings-button-reactions = Como reacciones
settings-button-buttons = Como botones
settings-button-emoji = Emojis
settings-hint-channels = Menú de arriba: dónde respondo; en todas partes si no eliges ninguno. Menú de abajo: dónde no respondo nunca.
settings-hint-roles = A quién respondo; a todo el mundo si no eliges ningún rol.
settings-hint-language = El idioma en que hablo con todos aquí.
settings-menu-allowed = Responder solo en… (ninguno: en todas partes)
settings-menu-blocked = No responder nunca en…
settings-menu-roles = Responder solo a quienes tienen… (ninguno: a todos)
settings-menu-announcements = Publicar el resumen de la noche en…
settings-menu-own-language = El de cada persona
settings-cannot-post = No puedo escribir en { $channel }; dame allí «Ver canal» y «Enviar mensajes».
settings-form-limits = Límites (0: ninguno)
settings-form-pause = Segundos entre preguntas de una persona
settings-form-daily = Respuestas por persona y día
settings-form-pause-all = Segundos entre preguntas de cualquiera
settings-form-tokens = Tokens al día, todas las respuestas juntas
settings-form-emoji = Emojis para votar (vacío: los de siempre)
settings-form-likes = Emojis para una buena respuesta
settings-form-dislikes = Emojis para una mala
settings-wrong-pause = La pausa es un número de segundos de 0 (ninguna) a { $most }, no «{ $given }»; no se ha cambiado nada.
settings-wrong-daily = El límite diario es un número de respuestas de 0 (ninguno) a { $most }, no «{ $given }»; no se ha cambiado nada.
settings-wrong-pause-all = La pausa de todos juntos es un número de segundos de 0 (ninguna) a { $most }, no «{ $given }»; no se ha cambiado nada.
settings-wrong-tokens = El límite diario de todos juntos es un número de tokens de 0 (ninguno) a { $most }, no «{ $given }»; no se ha cambiado nada.
settings-same-emoji = El mismo emoji no puede significar sí y no; no se ha cambiado nada.
settings-both-emoji = Rellena los dos campos, o deja los dos vacíos para los emojis de siempre; no se ha cambiado nada.
settings-many-emoji = Como mucho { $most } emojis en cada uno, por favor; no se ha cambiado nada.
settings-foreign-emoji = { $emoji } no es un emoji de este servidor; no se ha cambiado nada.
settings-no-emoji = «{ $given }» no es un emoji; no se ha cambiado nada.
settings-taken-emoji = { $emoji } ya tiene un significado; no se ha cambiado nada.

## /bowerbird

owner-only = Eso solo puede hacerlo quien me administra.
owner-draining = No admito preguntas nuevas. Aún en curso: { $count }.
owner-drained = No admito preguntas nuevas y no queda ninguna en curso: ya se me puede detener. { COMMAND("bowerbird resume") } lo deshace.
owner-resumed = Vuelvo a responder.
owner-servers = En { $servers ->
        [one] { $servers } servidor
       *[other] { $servers } servidores
    }; Discord contestó al latido en { $latency } ms.
owner-servers-early = En { $servers ->
        [one] { $servers } servidor
       *[other] { $servers } servidores
    }; Discord aún no ha contestado al latido.
owner-admitting = En curso: { $count }; preguntas nuevas: se admiten todas.
owner-not-admitting = En curso: { $count }; preguntas nuevas: no se admite ninguna.
owner-people = { $people ->
        [one] { $people } persona me deja
       *[other] { $people } personas me dejan
    } aprender; { $models ->
        [one] { $models } modelo propio
       *[other] { $models } modelos propios
    } en uso, { $size } en el disco.
owner-trainings = Entrenamientos en marcha o en espera: { $count }; próxima noche { $night }.
owner-trainings-off = Entrenamientos en marcha o en espera: { $count }; no hay próxima noche: el aprendizaje está desactivado.
owner-model = Modelo base: { $name }.

## Lo que dice la comprobación de una versión nueva

reason-not-finite = El entrenamiento se descontroló (números que no son finitos), así que se descartó.
reason-preference = Con votos que no conocía, distinguió peor que la versión actual las respuestas que gustan de las que no ({ $right } de los pares bien, hacía falta { $needed }).
reason-drift = Cambió demasiado donde tus votos no dicen nada ({ $drift } por trozo de palabra, { $most } como mucho).
reason-general = Empeoró un { $worse } con texto corriente ({ $most } como mucho).
reason-sense = Sus respuestas nuevas tenían muy poco sentido (sorpresa de { $surprise } por fragmento de palabra por encima de lo habitual, como máximo { $most }).
reason-off-topic = Muy pocas de sus respuestas nuevas encajan con sus preguntas ({ $share }, hacía falta { $needed }).
reason-taste = Según tus votos, sus respuestas nuevas gustan menos que las anteriores (ganó el { $won } de las comparaciones, hacía falta el { $needed }).
reason-empty = Demasiadas de sus respuestas nuevas estaban vacías ({ $share }).
reason-endless = Demasiadas de sus respuestas nuevas no terminaban nunca ({ $share }).
reason-repeats = Sus respuestas nuevas se repetían.
reason-shorter = Sus respuestas se volvieron mucho más cortas ({ $ratio } veces la longitud habitual).
reason-longer = Sus respuestas se volvieron mucho más largas ({ $ratio } veces la longitud habitual).
reason-fine = Sus respuestas nuevas tienen tanto sentido como antes.
reason-right = Con votos que no conocía, acertó el { $right } de los pares.
reason-few = Aún hay muy pocos votos para medir su gusto, así que solo se comprobó la seguridad.
reason-won = Según tus votos, sus respuestas nuevas ganaron el { $won } de las comparaciones con las anteriores.
reason-later = Con unos { $votes } votos, algunos se reservan para juzgar, lo que es más preciso.
reason-newer = Tus votos más recientes dicen lo contrario que los anteriores, así que solo cuentan los { $count } últimos.
reason-unusable = No se puede usar: { $why }.

## Cómo terminó un entrenamiento

detail-cancelled = cancelado
detail-postponed = se acabó el tiempo de la noche; la próxima empieza por este
detail-other = ya había otro entrenamiento de esta persona en marcha
detail-given-up = abandonado tras { $times } interrupciones
detail-off = la personalización no está activada
detail-nothing = no hay nada de lo que aprender
detail-gone = todo de lo que se aprendió ha desaparecido, así que vuelve a responder el modelo base
detail-failed = el entrenamiento falló
detail-changed = mientras tanto se borraron o editaron mensajes de los que aprendía
detail-ended = el proceso de entrenamiento terminó de forma inesperada ({ $how })
detail-crashed = el entrenamiento falló de forma inesperada ({ $kind }); mira el registro
detail-no-room = ninguna de las respuestas cabe en el modelo
