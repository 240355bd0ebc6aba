### 日本語：です・ます調で、親しみやすく短く。

## コマンド

command-ask = 質問
    .description = わたしに質問します。
    .prompt = 質問
    .prompt-description = 知りたいこと
command-my = わたしの
    .description = あなたから何を学んでいるか。
command-my-personalization = パーソナライズ
    .description = あなたから学ばせる、またはやめて削除します。
    .state = 状態
    .state-description = 「オフ」にすると、ここであなたから学んだことも削除します
command-my-status = 状況
    .description = これまでにあなたから学んだこと。
command-my-history = 履歴
    .description = あなた専用モデルの全バージョンと審査の結果。
command-my-rollback = 戻す
    .description = 以前のバージョンの返信に戻します。
    .version = バージョン
    .version-description = /わたしの 履歴 に出る番号。0 はベースモデル
command-my-compare = 比較
    .description = ベースモデルの返信とあなた専用の返信を並べます。
    .prompt = 質問
    .prompt-description = 両方に聞くこと
command-my-privacy = プライバシー
    .description = 何をどれだけ保存し、あなたが何を決められるか。
command-my-export = エクスポート
    .description = 保存しているあなたの情報をすべて ZIP で送ります。
command-my-forget = 忘れて
    .description = あなたについて知っていることを、すべての場所で削除します。
command-retrain = 再学習
    .description = 夜を待たずに今すぐ学習します。
    .user = メンバー
    .user-description = 誰のモデルか。省略すると順番が来ている全員
command-reset = リセット
    .description = 誰かをベースモデルに戻します。
    .user = メンバー
    .user-description = 誰のモデルを削除するか
    .keep_feedback = 評価を残す
    .keep_feedback-description = 評価を残し、そこから学び直します
command-server = サーバー
    .description = このサーバーで学んでいること。
command-server-status = 状況
    .description = ここで誰から学び、どう進んでいるか。
command-server-settings = 設定
    .description = このサーバーでどこで、誰に、どう返信するか。
command-bowerbird = bowerbird
    .description = このボットの運営者用です。
command-bowerbird-status = 状況
    .description = 全サーバーを合わせたボットの様子。
command-bowerbird-drain = 受付停止
    .description = 新しい質問を受けず、返信中のものを終わらせます。
command-bowerbird-resume = 受付再開
    .description = 質問の受付を再開します。
command-teach-a-better-reply = もっと良い返信を教える
choice-on = オン
choice-off = オフ

## うまくいかなかったとき

error-manage-server = 「サーバー管理」権限のある人だけができます。
error-only-server = これはサーバーの中でだけ使えます。
error-memory = いま記憶がうまく働いていません。あとでもう一度お試しください。（エラー { $id }）
error-unforeseen = こちらで問題が起きました。もう一度お試しください。（エラー { $id }）
error-shared-learning = ここで学んだことは複数のサーバーで共有されるため、運営者だけができます。
error-not-yours = わたしが返信している本人だけができます。
error-restarting = ただいま再起動中です。1 分ほどしてからもう一度押してください。

known-not-yours-to-teach = もっと良い返信を教えられるのは、わたしが返信した本人だけです。
known-off = あなたの情報は何も保存していません。まず { COMMAND("my personalization") } をオンにしてください。
known-not-remembered = このやりとりは覚えていません。{ COMMAND("my personalization") } をオンにすると、これからのやりとりを覚えます。
known-not-kept = バージョン { $version } は残っていません。残っているものは { COMMAND("my history") } で見られます。
known-they-are-off = この人はパーソナライズをオンにしていません。
known-nothing-to-learn = 学べるこの人の評価や訂正がありません。
known-training-off = 学習はオフです。README で TRAINING_ACKNOWLEDGED の意味を読み、true に設定してください。
known-interrupted = 中断されました。次の起動時に続きから行います。
known-other-process = 別の Bowerbird プロセスがこの DATA_DIR で学習中です。あとでもう一度お試しください。
known-queue-full = いま大勢が質問しています。少ししてからもう一度お試しください。
known-queue-yours = あなたの質問がいくつか待っています。先にそちらに答えさせてください。
known-too-long = モデルには長すぎます：{ $tokens } トークンあり、読めるのは { $most } です。短くしてください。
known-too-long-together = 質問 { $prompt } トークンと返信 { $reply } トークンは、このモデルに入る { $most } を超えています。短くしてください。
known-overflow = モデルの数値があふれました。再学習するかリセットしてください。
known-no-memory = この返信に必要なメモリが足りませんでした。
known-not-generated = 返信を生成できませんでした（{ $kind }）。
known-shut-down = 生成は停止しています。
known-not-ready = 生成の準備がまだできていません。少ししてからもう一度お試しください。

## 返信

chat-hello = はい、なんでしょう？ わたしの名前のあとに質問を書くか、わたしのメッセージに返信するか、{ COMMAND("ask") } を使ってください。
chat-only-text = 読めるのは文章とテキストファイルだけです。知りたいことを言葉で教えてください。
chat-unreadable = これは読めません。返信のメンションをオンのままにするか、わたしをメンションしてください。
chat-not-here = このサーバーの管理者は、わたしがこのチャンネルで返信することを望んでいません。
answer-one-at-a-time = 一つずつお願いします。まだ前の質問に答えています。
answer-too-many-here = ここで一度に質問している人が多すぎます。1 分ほどしてからもう一度お試しください。
answer-place = いま大勢が質問しています。あなたは { $place } 番目です。
answer-next = いま大勢が質問しています。次があなたの番です。
answer-no-words = それについて言えることがありません。別の言い方で試してください。
answer-stop = 停止
again-offer = わたしが答えたあとで、質問が変わりました。
again-button = もう一度答える
again-gone = あなたの質問が見つかりません。もう一度質問してください。
files-left-out = 読めるテキストファイルは { $most } 個までなので、{ $names } は読みませんでした。
files-too-large = 読めるファイルは { $most } KB までなので、{ $names } は読みませんでした。
files-shortened = { $names } は最初の部分だけ読めました。
admission-draining = まもなく再起動します。数分後にもう一度質問してください。
admission-role = このサーバーでは、{ $roles } を持つ人にだけ返信します。
admission-too-soon = 少々お待ちください。ここでは一人につき { $pause } 秒に 1 回返信します。{ $wait } 秒後にもう一度どうぞ。
admission-too-many = 少々お待ちください。このサーバーでは { $pause } 秒に 1 つ質問を受け付けます。{ $wait } 秒後にもう一度どうぞ。
admission-no-more-today = 今日のあなたへの返信はこれで最後です。ここでは一人 1 日 { $limit } 件までです。{ $again } からまた返信します。
admission-no-tokens = 今日ここで書ける分はすべて書きました。上限は 1 日 { $limit } トークンです。{ $again } からまた返信します。

## 評価、学習、同意

vote-counted = 数えました。ありがとうございます。ただし学ぶのは、わたしが返信した本人からだけです。
vote-taken-back = 評価を取り消しました。
vote-not-counted = 保存を許可した人の評価だけを数えています。{ COMMAND("my personalization") } でオンにできます。
teach-button = 教える
teach-title = もっと良い返信を教える
teach-field = どう言えばよかったですか？
teach-ask = どう言えばよかったですか？ よければ教えてください。
teach-learnt = ありがとうございます！ こう言えるように学びます。
teach-waits = ありがとうございます！ 許可をもらえたら学びます。わたしからの質問をご覧ください。
teach-only-mine = わたしの返信を選んでください。学べるのはそれだけです。
teach-unchanged = それはもう言ったとおりです。何も変更していません。
consent-offer = { $who } さん、あなたのリアクションから学んでもいいですか？ やりとりとその評価を保存して、あなたに返信するときに参考にし、あなたの好みに合わせた小さなモデルを学習します。ほかの人の返信には使いません。「はい」と言われるまで何も保存しません。{ COMMAND("my forget") } でいつでもすべて削除できます。
consent-yes = はい、学んでください
consent-no = いいえ、結構です
consent-said-yes = ありがとうございます！ これからやりとりとあなたの評価を保存します{ $kept ->
        [0] {""}
        [1] （今回のものも含みます）
       *[other] （直近の { $kept } 件も含みます）
    }。学んだことは { COMMAND("my status") } で見られ、{ COMMAND("my forget") } ですべて削除できます。
consent-said-no = わかりました。何も保存しません。気が変わったら { COMMAND("my personalization") } でオンにできます。
consent-not-asked = この質問は別の人へのものです。あなたへの質問は、あなたが評価したときに届きます。
confirm-cancel = キャンセル
confirm-unchanged = 何も変更していません。
confirm-late = 返事がなかったため、何も変更していません。
confirm-restarting = ただいま再起動中のため、何も変更していません。

## /わたしの

my-on = パーソナライズは**オン**です。ここでのやりとりとあなたの評価を保存し{ $kept ->
        [0] {""}
       *[other] （直近の { $kept } 件も含みます）
    }、そこからあなたの好みを学びます。{ COMMAND("my forget") } でいつでもすべて削除できます。
my-off = パーソナライズは**オフ**です。ここではあなたの情報を何も保存しません。
my-forget = このサーバーでもほかの場所でも、あなたについて知っていることをすべて削除します：やりとり、評価、あなた専用のモデルとそのバージョン。元に戻すことはできません。
my-forget-button = すべて削除
my-no-version = ここで使われているあなた専用のバージョンがないため、比べるものがありません。いつ学ぶかは { COMMAND("my status") } でわかります。
my-compared = 同じ質問、同じサイコロです。どちらの返信も保存せず、学習にも使いません。
my-went-back = これからは**{ $version }**が返信します。新しい評価で次のバージョンの学習は続き、審査に通れば交代します。
my-still-training = いま一つ学習中です。
my-no-dm = ダイレクトメッセージを送れません。このサーバーのプライバシー設定で許可してから、もう一度お試しください。
my-sent = ダイレクトメッセージで送りました：{ $names }。
my-too-large = Discord には大きすぎます。運営者にコピーを頼んでください：{ $names }。
my-one-export = 前回のエクスポートをまだまとめています。少々お待ちください。
my-chart-title = LIKE %
my-chart-base = v0
my-chart-version = v{ $number }
my-chart-note = { NUMBER($share, style: "percent", maximumFractionDigits: 0) }  { $likes } / { $votes }
my-chart-in-words = 各バージョンの返信のうち気に入った割合。本文と同じ内容です。
export-read-me =
    これが Bowerbird の保存しているあなたの情報のすべてです。

    bowerbird.json
        各サーバーでのあなたの選択、質問したこと、その返信、あなたの評価と訂正、
        あなた専用モデルのバージョンとその判定、学習の記録。ほかの人の発言は含みません。
    adapters/<サーバー>/<あなた>/v<バージョン>/
        あなた専用モデルの重み。PEFT ライブラリ形式の safetensors です。

## 名前と数

size-bytes = { $value } バイト
size-kb = { $value } KB
size-mb = { $value } MB
size-gb = { $value } GB
never = なし
comma = 、
between-sentences = {""}
in-brackets = （{ $text }）
base-model = ベースモデル
base-model-first = ベースモデル
version-name = バージョン { $number }
version-name-first = バージョン { $number }

## 進み具合

status-off = パーソナライズは**オフ**です。あなたの情報は何も保存せず、ベースモデルが返信します。{ COMMAND("my personalization") } でオンにできます。
status-on-base = パーソナライズは**オン**です。いまはベースモデルが返信しています。
status-on-own = パーソナライズは**オン**です。いまはあなた専用モデルの**バージョン { $version }** が返信しています。
status-kept = 保存しているやりとり：{ $replies } 件（👍 { $likes }、👎 { $dislikes }、🔄 { $again }、訂正 { $corrections } 件）。
status-others = ほかの人の評価が { $votes } 件ありますが、そこからは学びません。
status-new-off = 新しい評価と訂正が { $count } 件あります。運営者が学習をオフにしています。
status-new-due = 新しい評価と訂正が { $count } 件あります。{ $night } に学びます。
status-new-few = 新しい評価と訂正が { $count } 件あります。{ $needed } 件になったら学びます。
status-pleased = 返信の気に入られ方：{ $shares }。
status-pleased-by = { $version } { NUMBER($share, style: "percent", maximumFractionDigits: 0) }（{ $votes } 件中 { $likes } 件）
status-last-training = 前回の学習は{ $state ->
        [queued] 順番待ちです
        [running] 進行中です
        [promoted] 採用されて使われています
        [rejected] 審査に通らず、何も変わりませんでした
        [postponed] 次の夜に延期されました
        [cancelled] 中止されました
       *[failed] 失敗し、何も変わりませんでした
    }{ $why }
because = ：{ $why }
no-reason = 。

version-accepted = { $version }{ $notes }は { $when } に採用されました（学んだやりとり：{ $exchanges } 件）。
version-rejected = { $version }{ $notes }は { $when } に不採用となりました（学んだやりとり：{ $exchanges } 件）。
version-liked = { $votes } 件中 { $likes } 件を気に入った
version-in-use = **使用中**
version-kept = 保存中
version-gone = 保存終了
version-taken-back = 取り下げ
version-pleased-less = { $when } に取り下げました：評価した { $votes } 件の返信のうち { $dislikes } 件が気に入らず、その前は { $votes_before } 件中 { $dislikes_before } 件でした。
history-base = ベースモデル{ $notes }はいつでも使えます。
history-ways = { COMMAND("my rollback") } で { $versions } に戻れます（`0` はベースモデル）。

progress-none = 学習の準備をしています…
progress-loading = モデルを読み込み中
progress-training = 学習中
progress-gate = 結果を審査中
progress-left = 、残り約 { $duration }
progress-people = { $people } 人中 { $over } 人が完了{ $left }
duration-seconds = { $seconds } 秒
duration-minutes = { $minutes } 分
duration-hours = { $hours } 時間 { $minutes } 分
outcome = { $who }：{ $version ->
        [0] 学習は
       *[other] バージョン { $version } は
    }{ $state ->
        [queued] 順番待ちです
        [running] 進行中です
        [promoted] 採用されて使われています
        [rejected] 審査に通らず、何も変わりませんでした
        [postponed] 次の夜に延期されました
        [cancelled] 中止されました
       *[failed] 失敗し、何も変わりませんでした
    }。
receipt = 削除しました：やりとり { $replies } 件、評価と訂正 { $feedback } 件、モデルのバージョン { $versions } 個、学習 { $trainings } 回、メモリに残っていたものすべて。

privacy-stands = ここでのあなたの選択：{ $consent ->
        [on] **はい**と答えました
        [off] **いいえ**と答えたので、あなたの情報は何も保存しません
       *[other] まだ「はい」と答えていないので、あなたの情報は何もディスクに書きません
    }。
privacy-kept = 「はい」と答えると、あなたの質問、わたしの返信、それに対するあなたの評価と訂正を、最長 { $days } 日間保存します。
privacy-used = お答えするときは、あなたが気に入った返信や教えてくれた返信を参考にします。ほかの人のものは使いません。
privacy-trained-here = 夜に、あなたの好みに合わせた小さなモデルを学習します。ほかの人には使いません。ここであなたから学んだことは、ここでだけ使います。
privacy-trained-everywhere = 夜に、あなたの好みに合わせた小さなモデルを学習します。ほかの人には使いません。あなたから学んだことは、どのサーバーでも同じように使います。
privacy-not-trained = 運営者が学習をオフにしています。評価は保存しますが、学習はしません。
privacy-local = どこにも送信しません。モデルは運営者のマシンで動いています。
privacy-edits = Discord で削除・編集したメッセージは、ここでも消えるか変わります。
privacy-ways = { COMMAND("my export") } ですべてを受け取れます。{ COMMAND("my personalization") } をオフにするとここの分を、{ COMMAND("my forget") } ではすべての場所の分を削除します。
privacy-in-full = 全文：{ $url }

## /サーバー、/再学習、/リセット、お知らせ

server-people = { $people } 人から学んでいて、{ $refused } 人は断りました。使用中の専用モデルは { $models } 個です。
server-exchanges = やりとり { $replies } 件：👍 { $likes }、👎 { $dislikes }、訂正 { $corrections } 件。
server-due = 順番が来ている人：{ $due } 人。次の夜：{ $night }。
server-due-off = 順番が来ている人：{ $due } 人。学習がオフなので、次の夜はありません。
server-run = { $who } { $when }：学習は{ $state ->
        [queued] 順番待ちです
        [running] 進行中です
        [promoted] 採用されて使われています
        [rejected] 審査に通らず、何も変わりませんでした
        [postponed] 次の夜に延期されました
        [cancelled] 中止されました
       *[failed] 失敗し、何も変わりませんでした
    }{ $why }
server-disk = ディスク上のモデル：{ $size }。
server-chart-title = LIKE %
server-chart-in-words = 各バージョンの返信のうち気に入られた割合。全員のバージョンをまとめたものです。
retrain-nobody = 順番が来ている人はいません。一人につき新しい評価か訂正が { $minimum } 件必要です。
reset-question = このサーバーで { $user } から学んだことを、評価とやりとりも含めて削除します。その後はベースモデルが返信します。元に戻すことはできません。
reset-question-keep = このサーバーで { $user } から学んだことを削除します。その後はベースモデルが返信します。元に戻すことはできません。
reset-button = リセット
reset-done = { $user } はベースモデルに戻りました。
night-title = 🌙 **昨夜は { $people } 人から学びました。**
night-better = 新しいモデル { $count } 個が審査に通り、これから使われます
night-kept = 新しいモデル { $count } 個は審査に通らず、これまでのものを使い続けます
night-failed = 学習 { $count } 回が失敗し、次の夜にやり直します
night-postponed = { $count } 人は時間切れでした。次の夜はその人たちから始めます
night-taken-back = モデル { $count } 個を取り下げました。前のもののほうが好評でした
night-nobody = 昨夜（{ $night }）：順番の人はいませんでした。
night-last = 昨夜（{ $night }）：
night-last-pace = 昨夜（{ $night }）、1 時間に { $pace } 人、{ $duration }：
night-yours = あなたの分はこちら：{ COMMAND("my status") }

## サーバーの設定

settings-title = **このサーバーでのふるまい**
settings-channels = **チャンネル**：{ $where }。スレッドは親チャンネルに従います
settings-everywhere = 読めるすべての場所
settings-everywhere-but = 読めるすべての場所（{ $blocked } を除く）
settings-only-in = { $allowed } だけ
settings-only-in-but = { $allowed } だけ（{ $blocked } を除く）
settings-everybody = **質問できる人**：全員
settings-roles = **質問できる人**：{ $roles } を持つ人
settings-and-more = { $names } ほか { $count } 件
settings-limits = **一人あたりの制限**：{ $pause ->
        [0] 間隔なし
       *[other] 質問の間隔 { $pause } 秒
    }、{ $daily ->
        [0] 1 日の上限なし
       *[other] 1 日 { $daily } 件の返信
    }
settings-limits-all = **全員合わせた制限**：{ $pause ->
        [0] 間隔なし
       *[other] 誰の質問でも間隔 { $pause } 秒
    }、{ $tokens ->
        [0] 1 日の上限なし
       *[other] 1 日 { $tokens } トークン
    }
settings-votes = **評価**：{ $style ->
        [buttons] ボタン
       *[reactions] リアクション
    }、{ $yes } と { $no }
settings-language = **言語**：{ $name }
settings-own-language = **言語**：それぞれの人の言語
settings-announced = **お知らせ**：夜のまとめを { $channel } に投稿
settings-not-announced = **お知らせ**：なし
settings-button-channels = チャンネル
settings-button-roles = ロール
settings-button-limits = 制限
settings-button-votes = 評価
settings-button-language = 言語
settings-button-announcements = お知らせ
settings-button-defaults = 初期設定に戻す
settings-button-back = 戻る
settings-button-reactions = リアクションで
settings-button-buttons = ボタンで
settings-button-emoji = 絵文字
settings-hint-channels = 上のメニュー：返信する場所（選ばなければすべて）。下のメニュー：絶対に返信しない場所。
settings-hint-roles = 返信する相手。ロールを選ばなければ全員です。
settings-hint-language = ここで全員に話す言語。
settings-menu-allowed = ここでだけ返信…（未選択：すべての場所）
settings-menu-blocked = ここでは返信しない…
settings-menu-roles = このロールの人にだけ返信…（未選択：全員）
settings-menu-announcements = 夜のまとめの投稿先…
settings-menu-own-language = それぞれの人の言語
settings-cannot-post = { $channel } に書き込めません。そこで「チャンネルを見る」と「メッセージを送信」を許可してください。
settings-form-limits = 制限（0：なし）
settings-form-pause = 一人の質問の間隔（秒）
settings-form-daily = 一人 1 日の返信数
settings-form-pause-all = 誰の質問でも空ける間隔（秒）
settings-form-tokens = 1 日のトークン数（返信の合計）
settings-form-emoji = 評価の絵文字（空欄：いつものもの）
settings-form-likes = 良い返信の絵文字
settings-form-dislikes = 良くない返信の絵文字
settings-wrong-pause = 間隔は 0（なし）から { $most } までの秒数です。「{ $given }」ではありません。何も変更していません。
settings-wrong-daily = 1 日の上限は 0（なし）から { $most } までの返信数です。「{ $given }」ではありません。何も変更していません。
settings-wrong-pause-all = 全員合わせた間隔は 0（なし）から { $most } までの秒数です。「{ $given }」ではありません。何も変更していません。
settings-wrong-tokens = 全員合わせた 1 日の上限は 0（なし）から { $most } までのトークン数です。「{ $given }」ではありません。何も変更していません。
settings-same-emoji = 同じ絵文字に「はい」と「いいえ」の両方の意味は持たせられません。何も変更していません。
settings-both-emoji = 両方の欄を埋めるか、いつもの絵文字なら両方とも空欄にしてください。何も変更していません。
settings-many-emoji = 絵文字はそれぞれ { $most } 個までです。何も変更していません。
settings-foreign-emoji = { $emoji } はこのサーバーの絵文字ではありません。何も変更していません。
settings-no-emoji = 「{ $given }」は絵文字ではありません。何も変更していません。
settings-taken-emoji = { $emoji } にはすでに意味があります。何も変更していません。

## /bowerbird

owner-only = わたしの運営者だけができます。
owner-draining = 新しい質問は受け付けません。返信中：{ $count } 件。
owner-drained = 新しい質問は受け付けず、返信中のものもありません。いま停止できます。{ COMMAND("bowerbird resume") } で取り消せます。
owner-resumed = 返信を再開します。
owner-servers = { $servers } 個のサーバーにいます。Discord はハートビートに { $latency } ms で応答しました。
owner-servers-early = { $servers } 個のサーバーにいます。Discord はまだハートビートに応答していません。
owner-admitting = 返信中：{ $count } 件。新しい質問：すべて受付中。
owner-not-admitting = 返信中：{ $count } 件。新しい質問：受付停止中。
owner-people = { $people } 人から学んでいます。使用中の専用モデルは { $models } 個、ディスク使用量は { $size } です。
owner-trainings = 進行中または待機中の学習：{ $count } 件。次の夜：{ $night }。
owner-trainings-off = 進行中または待機中の学習：{ $count } 件。学習がオフなので、次の夜はありません。
owner-model = ベースモデル：{ $name }。

## 新しいバージョンについての審査の所見

reason-not-finite = 学習が暴走したため（有限でない数値）、破棄しました。
reason-preference = 見たことのない評価で、気に入られた返信とそうでない返信を見分ける力が現在のバージョンに劣りました（正解 { $right }、必要 { $needed }）。
reason-drift = 評価と関係のないところで変わりすぎました（単語片あたり { $drift }、上限 { $most }）。
reason-general = ふつうの文章が { $worse } 苦手になりました（上限 { $most }）。
reason-sense = 新しい返信が十分に意味の通るものではありませんでした（単語片あたりの意外さが通常より { $surprise } 高く、上限は { $most }）。
reason-off-topic = 質問に合った新しい返信が少なすぎました（{ $share }、必要なのは { $needed }）。
reason-taste = あなたの評価によると、新しい返信は以前のものより好まれません（比較の { $won } で勝ち、必要なのは { $needed }）。
reason-empty = 新しい返信に空のものが多すぎました（{ $share }）。
reason-endless = 新しい返信に終わらないものが多すぎました（{ $share }）。
reason-repeats = 新しい返信が同じことを繰り返しました。
reason-shorter = 返信がずっと短くなりました（ふだんの { $ratio } 倍の長さ）。
reason-longer = 返信がずっと長くなりました（ふだんの { $ratio } 倍の長さ）。
reason-fine = 新しい返信は以前と同じくらい意味が通っています。
reason-right = 見たことのない評価で、{ $right } の組に正解しました。
reason-few = 好みを測るには評価がまだ少ないため、安全性だけを審査しました。
reason-won = あなたの評価によると、新しい返信は以前のものとの比較の { $won } で勝ちました。
reason-later = 評価が約 { $votes } 件になると、一部を判定用に取り分けるので、より正確になります。
reason-newer = 最近の評価が以前の評価と正反対なので、新しい { $count } 件だけを使います。
reason-unusable = 使えません：{ $why }。

## 学習の終わり方

detail-cancelled = 中止しました
detail-postponed = 夜の時間が尽きました。次の夜はここから始めます
detail-other = この人の別の学習が進行中でした
detail-given-up = { $times } 回中断されたため、あきらめました
detail-off = パーソナライズがオンではありません
detail-nothing = 学べるものがありません
detail-gone = 学んだもとがすべて消えたため、ベースモデルの返信に戻りました
detail-failed = 学習に失敗しました
detail-changed = 学習中のメッセージがその間に削除または編集されました
detail-ended = 学習プロセスが予期せず終了しました（{ $how }）
detail-crashed = 学習が予期せず失敗しました（{ $kind }）。ログを見てください
detail-no-room = モデルに収まる返信がありませんでした
