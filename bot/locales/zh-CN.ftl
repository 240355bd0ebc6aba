### 简体中文：用“你”，亲切、简短。

## 命令

command-ask = 提问
    .description = 问我一个问题。
    .prompt = 问题
    .prompt-description = 你想知道什么
command-my = 我的
    .description = 我从你那里学到什么。
command-my-personalization = 个性化
    .description = 让我向你学习，或者停止并删除。
    .state = 状态
    .state-description = “关”还会删除我在这里从你那里学到的一切
command-my-status = 状态
    .description = 到目前为止我从你那里学到了什么。
command-my-history = 历史
    .description = 你自己的模型的每个版本及其检查结果。
command-my-rollback = 回退
    .description = 重新由较早的版本回复你。
    .version = 版本
    .version-description = /我的 历史 里显示的编号；0 是基础模型
command-my-compare = 对比
    .description = 把基础模型的回复和你的放在一起看。
    .prompt = 问题
    .prompt-description = 要问它们什么
command-my-privacy = 隐私
    .description = 保存你的什么、保存多久、你能决定什么。
command-my-export = 导出
    .description = 把我保存的关于你的一切打包成 ZIP 发给你。
command-my-forget = 忘记我
    .description = 删除我在所有地方知道的关于你的一切。
command-retrain = 重新训练
    .description = 现在就学习，不等到夜里。
    .user = 成员
    .user-description = 训练谁的模型；不填就是所有轮到的人
command-reset = 重置
    .description = 让某人回到基础模型。
    .user = 成员
    .user-description = 删除谁的模型
    .keep_feedback = 保留投票
    .keep_feedback-description = 保留此人的投票，以便从中重新学习
command-server = 服务器
    .description = 我在这个服务器上学到什么。
command-server-status = 状态
    .description = 我在这里向谁学习，进展如何。
command-server-settings = 设置
    .description = 我在这个服务器的哪里、对谁、怎样回复。
command-bowerbird = bowerbird
    .description = 供运行这个机器人的人使用。
command-bowerbird-status = 状态
    .description = 机器人在所有服务器上的总体情况。
command-bowerbird-drain = 排空
    .description = 不再接受新问题，并完成正在回复的问题。
command-bowerbird-resume = 恢复
    .description = 重新接受问题。
command-teach-a-better-reply = 教我更好的回复
choice-on = 开
choice-off = 关

## 出错时

error-manage-server = 只有拥有“管理服务器”权限的人才能这样做。
error-only-server = 这只能在服务器里使用。
error-memory = 我的记忆现在出了问题，请稍后再试。（错误 { $id }）
error-unforeseen = 我这边出了点问题，请再试一次。（错误 { $id }）
error-shared-learning = 我在这里学到的内容由多个服务器共享，所以只有运行我的人才能这样做。
error-not-yours = 只有我正在回复的人才能这样做。
error-restarting = 我正在重启，请一分钟后再按一次。

known-not-yours-to-teach = 只有我回复的那个人才能教我更好的回复。
known-off = 我没有保存你的任何内容；请先打开 { COMMAND("my personalization") }。
known-not-remembered = 我不记得这次对话了；打开 { COMMAND("my personalization") } 后，我会记住新的对话。
known-not-kept = 版本 { $version } 已不再保存；{ COMMAND("my history") } 会显示还保存着哪些。
known-they-are-off = 此人没有打开个性化。
known-nothing-to-learn = 没有此人的投票或更正可供学习。
known-training-off = 学习已关闭；请先阅读 README 中 TRAINING_ACKNOWLEDGED 的含义，再把它设为 true。
known-interrupted = 已中断；下次启动时会继续。
known-other-process = 另一个 Bowerbird 进程正在用这个 DATA_DIR 训练；请稍后再试。
known-queue-full = 现在提问的人很多，请过一会儿再试。
known-queue-yours = 你已经有几个问题在排队了；让我先回答那些吧。
known-too-long = 这对模型来说太长了：共 { $tokens } 个 token，而它最多读 { $most } 个；请缩短一些。
known-too-long-together = 提问 { $prompt } 个 token 加上回复 { $reply } 个，超过了这个模型能容纳的 { $most } 个；请缩短一些。
known-overflow = 模型的数值溢出了；请重新训练或重置它。
known-no-memory = 内存不够，无法生成这条回复。
known-not-generated = 无法生成回复（{ $kind }）。
known-shut-down = 生成已经停止。
known-not-ready = 生成还没有准备好，请过一会儿再试。

## 回复

chat-hello = 我在！请把问题写在我的名字后面、回复我的某条消息，或使用 { COMMAND("ask") }。
chat-only-text = 我只能阅读文字和文本文件；请用文字告诉我你想知道什么。
chat-unreadable = 我读不到这条消息：回复时请保持提及打开，或者提及我。
chat-not-here = 这个服务器的管理员不希望我在这个频道里回复。
answer-one-at-a-time = 请一个一个来：我还在回答你之前的问题。
answer-too-many-here = 这里同时提问的人太多了，请一分钟后再试。
answer-place = 现在提问的人很多；你排在第 { $place } 位。
answer-next = 现在提问的人很多；下一个就是你。
answer-no-words = 我对此无话可说；请换个说法试试。
answer-stop = 停止
again-offer = 我回答之后，你修改了问题。
again-button = 重新回答
again-gone = 我找不到你的问题了，请再问一次。
files-left-out = 我最多能读 { $most } 个文本文件，所以略过了 { $names }。
files-too-large = 我最多能读 { $most } KB 的文件，所以略过了 { $names }。
files-shortened = { $names } 我只能读到开头部分。
admission-draining = 我马上要重启了，请几分钟后再问。
admission-role = 在这个服务器上，我只回复拥有 { $roles } 的人。
admission-too-soon = 请稍等：在这里我每 { $pause } 秒回复每个人一次。请在 { $wait } 秒后再问。
admission-too-many = 请稍等：在这个服务器上我每 { $pause } 秒接受一个问题。请在 { $wait } 秒后再问。
admission-no-more-today = 今天给你的回复到此为止：这里每人每天最多 { $limit } 条回复。我会在 { $again } 重新回复。
admission-no-tokens = 今天我在这里能写的都写完了：每天最多 { $limit } 个 token。我会在 { $again } 重新回复。

## 投票、教学、同意

vote-counted = 已计入，谢谢。不过我只向我回复的那个人学习。
vote-taken-back = 你的投票已撤回。
vote-not-counted = 只有允许我保存投票的人，我才会计入：{ COMMAND("my personalization") } 可以为你打开。
teach-button = 教我
teach-title = 教我更好的回复
teach-field = 我本该怎么说？
teach-ask = 我本该怎么说？如果你愿意，教教我吧。
teach-learnt = 谢谢！我会学着这样说。
teach-waits = 谢谢！只要你同意，我就从中学习：请看我的提问。
teach-only-mine = 请选择我的某条回复；我只能从那些回复中学习。
teach-unchanged = 我本来就是这么说的；什么都没有改变。
consent-offer = { $who }，我可以从你的反应中学习吗？我会保存我们的对话和你对它们的投票，用来在回复你时参考，并训练一个符合你口味的小模型，别人的回复都不会用到这些。在你同意之前，什么都不会保存。{ COMMAND("my forget") } 随时可以删除一切。
consent-yes = 好，向我学习吧
consent-no = 不用了，谢谢
consent-said-yes = 谢谢！从现在起，我会保存我们的对话和你的投票{ $kept ->
        [0] {""}
        [1] ，包括这一次
       *[other] ，包括最近的 { $kept } 次
    }。{ COMMAND("my status") } 显示我学到了什么，{ COMMAND("my forget") } 删除一切。
consent-said-no = 好的：我什么都不保存。如果你改变主意，{ COMMAND("my personalization") } 可以打开它。
consent-not-asked = 这个问题是问别人的；等你自己投票时，我会问你。
confirm-cancel = 取消
confirm-unchanged = 什么都没有改变。
confirm-late = 没有得到回答，所以什么都没有改变。
confirm-restarting = 我正在重启，所以什么都没有改变。

## /我的

my-on = 个性化已**打开**：我会保存我们在这里的对话和你对它们的投票{ $kept ->
        [0] {""}
       *[other] （包括最近的 { $kept } 次）
    }，并从中学习你的口味。{ COMMAND("my forget") } 随时可以删除一切。
my-off = 个性化已**关闭**：我在这里不保存你的任何内容。
my-forget = 这会删除我在这个服务器和其他所有地方知道的关于你的一切：对话、投票、你自己的模型及其各个版本。此操作无法撤销。
my-forget-button = 全部删除
my-no-version = 这里没有在用的你自己的版本，所以没有什么可对比的。{ COMMAND("my status") } 会告诉你我什么时候学习。
my-compared = 同样的问题，同样的骰子。两条回复都不会保存，也不会从中学习。
my-went-back = 现在重新由**{ $version }**回复你。新的投票仍会训练下一个版本，它通过检查后就会接替。
my-still-training = 现在正有一个版本在训练。
my-no-dm = 我无法给你发私信。请在这个服务器的隐私设置里允许私信，然后再试一次。
my-sent = 已通过私信发给你：{ $names }。
my-too-large = 对 Discord 来说太大了，请向运行我的人索取副本：{ $names }。
my-one-export = 我还在打包你上一次的导出，请稍等。
my-chart-title = LIKE %
my-chart-base = v0
my-chart-version = v{ $number }
my-chart-note = { NUMBER($share, style: "percent", maximumFractionDigits: 0) }  { $likes } / { $votes }
my-chart-in-words = 每个版本的回复中你喜欢的比例，与文字所述相同。
export-read-me =
    这是 Bowerbird 保存的关于你的一切。

    bowerbird.json
        你在每个服务器上的选择、你问过什么、得到了什么回复、你的投票和更正、
        你自己的模型的各个版本及其评判，以及历次训练。其他人说的话不包括在内。
    adapters/<服务器>/<你>/v<版本>/
        你自己的模型的权重，格式为 PEFT 库的 safetensors。

## 名称和数字

size-bytes = { $value } 字节
size-kb = { $value } KB
size-mb = { $value } MB
size-gb = { $value } GB
never = 从不
comma = 、
between-sentences = {""}
in-brackets = （{ $text }）
base-model = 基础模型
base-model-first = 基础模型
version-name = 版本 { $number }
version-name-first = 版本 { $number }

## 进展

status-off = 个性化已**关闭**：我不保存你的任何内容，由基础模型回复。{ COMMAND("my personalization") } 可以打开它。
status-on-base = 个性化已**打开**。现在由基础模型回复你。
status-on-own = 个性化已**打开**。现在由你自己的模型的**版本 { $version }** 回复你。
status-kept = 我保存了 { $replies } 次对话：👍 { $likes }、👎 { $dislikes }、🔄 { $again }、更正 { $corrections } 条。
status-others = 另有其他人的 { $votes } 个投票，我不会从中学习。
status-new-off = 新的投票和更正 { $count } 个；运行我的人关闭了学习。
status-new-due = 新的投票和更正 { $count } 个；我会在 { $night } 从中学习。
status-new-few = 新的投票和更正 { $count } 个；满 { $needed } 个我就学习。
status-pleased = 你对各版本回复的满意度：{ $shares }。
status-pleased-by = { $version } { NUMBER($share, style: "percent", maximumFractionDigits: 0) }（喜欢 { $likes } / { $votes }）
status-last-training = 上一次训练{ $state ->
        [queued] 正在排队
        [running] 正在进行
        [promoted] 已通过，正在使用
        [rejected] 没有通过检查，所以一切照旧
        [postponed] 推迟到下一夜
        [cancelled] 已取消
       *[failed] 失败了，所以一切照旧
    }{ $why }
because = ：{ $why }
no-reason = 。

version-accepted = { $version }{ $notes }已通过（{ $when }），学习了 { $exchanges } 次对话。
version-rejected = { $version }{ $notes }未通过（{ $when }），学习了 { $exchanges } 次对话。
version-liked = 喜欢 { $likes } / { $votes }
version-in-use = **使用中**
version-kept = 已保存
version-gone = 已不再保存
version-taken-back = 已撤回
version-pleased-less = 已撤回（{ $when }）：在你投票的 { $votes } 条回复中，你不喜欢 { $dislikes } 条；而在它之前，{ $votes_before } 条中不喜欢 { $dislikes_before } 条。
history-base = 基础模型{ $notes }一直都在。
history-ways = { COMMAND("my rollback") } 可以带你回到 { $versions }（`0` 是基础模型）。

progress-none = 正在准备学习……
progress-loading = 正在加载模型
progress-training = 正在训练
progress-gate = 正在检查结果
progress-left = ，还需约 { $duration }
progress-people = { $people } 人中已完成 { $over } 人{ $left }
duration-seconds = { $seconds } 秒
duration-minutes = { $minutes } 分钟
duration-hours = { $hours } 小时 { $minutes } 分钟
outcome = { $who }：{ $version ->
        [0] 训练
       *[other] 版本 { $version }{" "}
    }{ $state ->
        [queued] 正在排队
        [running] 正在进行
        [promoted] 已通过，正在使用
        [rejected] 没有通过检查，所以一切照旧
        [postponed] 推迟到下一夜
        [cancelled] 已取消
       *[failed] 失败了，所以一切照旧
    }。
receipt = 已删除：{ $replies } 次对话、{ $feedback } 个投票和更正、{ $versions } 个模型版本、{ $trainings } 次训练，以及我内存中剩下的一切。

privacy-stands = 你在这里的选择：{ $consent ->
        [on] 你说了**好**
        [off] 你说了**不**，我不保存你的任何内容
       *[other] 你还没有同意，所以你的任何内容都不会写入磁盘
    }。
privacy-kept = 经你同意，我会保存你问我的内容、我的回复，以及你对它们的投票和更正，最多 { $days } 天。
privacy-used = 我回答你时，会参考你喜欢过或教过我的回复，不会参考其他任何人的。
privacy-trained-here = 夜里我会训练一个符合你口味的小模型；它不会用于其他任何人。我在这里从你那里学到的，只在这里使用。
privacy-trained-everywhere = 夜里我会训练一个符合你口味的小模型；它不会用于其他任何人。我从你那里学到的，在所有服务器上同样使用。
privacy-not-trained = 运行我的人关闭了学习：投票会保存，但不会训练任何东西。
privacy-local = 不会向任何地方发送内容：模型在运行我的人的机器上运行。
privacy-edits = 你在 Discord 上删除或编辑的消息，在这里也会消失或改变。
privacy-ways = { COMMAND("my export") } 把全部内容发给你；关闭 { COMMAND("my personalization") } 会删除这里的内容；{ COMMAND("my forget") } 会删除所有地方的内容。
privacy-in-full = 完整说明：{ $url }

## /服务器、/重新训练、/重置、公告

server-people = { $people } 人让我学习，{ $refused } 人拒绝；{ $models } 个个人模型在使用中。
server-exchanges = { $replies } 次对话：👍 { $likes }、👎 { $dislikes }、更正 { $corrections } 条。
server-due = 轮到 { $due } 人；下一夜：{ $night }。
server-due-off = 轮到 { $due } 人；没有下一夜：学习已关闭。
server-run = { $who } { $when }：训练{ $state ->
        [queued] 正在排队
        [running] 正在进行
        [promoted] 已通过，正在使用
        [rejected] 没有通过检查，所以一切照旧
        [postponed] 推迟到下一夜
        [cancelled] 已取消
       *[failed] 失败了，所以一切照旧
    }{ $why }
server-disk = 磁盘上的模型：{ $size }。
server-chart-title = LIKE %
server-chart-in-words = 每个版本的回复中被喜欢的比例，所有人的版本合在一起。
retrain-nobody = 没有轮到任何人：一个人要有 { $minimum } 个新的投票或更正才会轮到。
reset-question = 这会删除我在这个服务器上从 { $user } 那里学到的一切，包括其投票和对话；之后重新由基础模型回复此人。此操作无法撤销。
reset-question-keep = 这会删除我在这个服务器上从 { $user } 那里学到的一切；之后重新由基础模型回复此人。此操作无法撤销。
reset-button = 重置
reset-done = { $user } 已回到基础模型。
night-title = 🌙 **昨夜我向 { $people } 人学习了。**
night-better = { $count } 个新模型通过了检查，从现在起使用
night-kept = { $count } 个新模型没有通过检查：继续使用原来的
night-failed = { $count } 次训练失败；下一夜会再试
night-postponed = { $count } 人没来得及训练；下一夜从他们开始
night-taken-back = { $count } 个模型被撤回：之前的更受喜欢
night-nobody = 昨夜（{ $night }）：没有轮到任何人。
night-last = 昨夜（{ $night }）：
night-last-pace = 昨夜（{ $night }），每小时 { $pace } 人，历时 { $duration }：
night-yours = 你自己的情况：{ COMMAND("my status") }

## 服务器设置

settings-title = **我在这个服务器上的表现**
settings-channels = **频道**：{ $where }；子区跟随所属频道
settings-everywhere = 所有我能读到的地方
settings-everywhere-but = 所有我能读到的地方，{ $blocked } 除外
settings-only-in = 只在 { $allowed }
settings-only-in-but = 只在 { $allowed }，不在 { $blocked }
settings-everybody = **谁可以提问**：所有人
settings-roles = **谁可以提问**：拥有 { $roles } 的人
settings-and-more = { $names } 等，另有 { $count } 个
settings-limits = **每人的限制**：{ $pause ->
        [0] 无间隔
       *[other] 两个问题之间 { $pause } 秒
    }，{ $daily ->
        [0] 无每日上限
       *[other] 每天 { $daily } 条回复
    }
settings-limits-all = **所有人合计的限制**：{ $pause ->
        [0] 无间隔
       *[other] 任意两个问题之间 { $pause } 秒
    }，{ $tokens ->
        [0] 无每日上限
       *[other] 每天 { $tokens } 个 token
    }
settings-votes = **投票**：{ $style ->
        [buttons] 用按钮
       *[reactions] 用反应
    }，{ $yes } 和 { $no }
settings-language = **语言**：{ $name }
settings-own-language = **语言**：每个人自己的语言
settings-announced = **公告**：夜间总结发到 { $channel }
settings-not-announced = **公告**：无
settings-button-channels = 频道
settings-button-roles = 身份组
settings-button-limits = 限制
settings-button-votes = 投票
settings-button-language = 语言
settings-button-announcements = 公告
settings-button-defaults = 恢复默认
settings-button-back = 返回
settings-button-reactions = 用反应
settings-button-buttons = 用按钮
settings-button-emoji = 表情
settings-hint-channels = 上方菜单：我在哪里回复，不选就是所有地方。下方菜单：我绝不回复的地方。
settings-hint-roles = 我回复谁；不选身份组就是所有人。
settings-hint-language = 我在这里对所有人使用的语言。
settings-menu-allowed = 只在这些地方回复……（不选：所有地方）
settings-menu-blocked = 绝不在这些地方回复……
settings-menu-roles = 只回复拥有这些身份组的人……（不选：所有人）
settings-menu-announcements = 夜间总结发到……
settings-menu-own-language = 每个人自己的语言
settings-cannot-post = 我不能在 { $channel } 里发言；请在那里允许我“查看频道”和“发送消息”。
settings-form-limits = 限制（0：无）
settings-form-pause = 同一个人两个问题之间的秒数
settings-form-daily = 每人每天的回复数
settings-form-pause-all = 任意两个问题之间的秒数
settings-form-tokens = 每天的 token 数（所有回复合计）
settings-form-emoji = 投票用的表情（留空：默认）
settings-form-likes = 表示好回复的表情
settings-form-dislikes = 表示差回复的表情
settings-wrong-pause = 间隔是 0（无）到 { $most } 之间的秒数，而不是“{ $given }”；什么都没有改变。
settings-wrong-daily = 每日上限是 0（无）到 { $most } 之间的回复数，而不是“{ $given }”；什么都没有改变。
settings-wrong-pause-all = 所有人合计的间隔是 0（无）到 { $most } 之间的秒数，而不是“{ $given }”；什么都没有改变。
settings-wrong-tokens = 所有人合计的每日上限是 0（无）到 { $most } 之间的 token 数，而不是“{ $given }”；什么都没有改变。
settings-same-emoji = 同一个表情不能既表示是又表示否；什么都没有改变。
settings-both-emoji = 请两栏都填，或者都留空以使用默认表情；什么都没有改变。
settings-many-emoji = 每栏最多 { $most } 个表情；什么都没有改变。
settings-foreign-emoji = { $emoji } 不是这个服务器的表情；什么都没有改变。
settings-no-emoji = “{ $given }”不是表情；什么都没有改变。
settings-taken-emoji = { $emoji } 已经有别的含义；什么都没有改变。

## /bowerbird

owner-only = 只有运行我的人才能这样做。
owner-draining = 我不再接受新问题。还在回复的：{ $count }。
owner-drained = 我不再接受新问题，也没有正在回复的问题：现在可以停止我了。{ COMMAND("bowerbird resume") } 可以撤销。
owner-resumed = 我重新开始回复。
owner-servers = 在 { $servers } 个服务器上；Discord 在 { $latency } 毫秒内响应了心跳。
owner-servers-early = 在 { $servers } 个服务器上；Discord 还没有响应心跳。
owner-admitting = 正在回复：{ $count }；新问题：全部接受。
owner-not-admitting = 正在回复：{ $count }；新问题：一概不接受。
owner-people = { $people } 人让我学习；{ $models } 个个人模型在使用中，占用磁盘 { $size }。
owner-trainings = 正在进行或等待的训练：{ $count }；下一夜：{ $night }。
owner-trainings-off = 正在进行或等待的训练：{ $count }；没有下一夜：学习已关闭。
owner-model = 基础模型：{ $name }。

## 检查对新版本的评价

reason-not-finite = 训练失控了（出现了非有限的数值），所以结果被丢弃。
reason-preference = 在它没见过的投票上，它区分喜欢和不喜欢的回复不如当前版本（答对 { $right } 的配对，需要 { $needed }）。
reason-drift = 在你的投票没有涉及的地方，它变化太大（每个词片 { $drift }，最多 { $most }）。
reason-general = 它处理普通文本的能力下降了 { $worse }（最多 { $most }）。
reason-sense = 它的新回复太没有条理（每个词片的意外度比平常高 { $surprise }，最多 { $most }）。
reason-off-topic = 它的新回复中切合问题的太少（{ $share }，需要 { $needed }）。
reason-taste = 从你的投票来看，它的新回复不如之前的讨喜（比较中胜出 { $won }，需要 { $needed }）。
reason-empty = 它的新回复中空白的太多（{ $share }）。
reason-endless = 它的新回复中没完没了的太多（{ $share }）。
reason-repeats = 它的新回复自我重复。
reason-shorter = 它的回复变得短得多（是平常长度的 { $ratio } 倍）。
reason-longer = 它的回复变得长得多（是平常长度的 { $ratio } 倍）。
reason-fine = 它的新回复和以前一样有条理。
reason-right = 在它没见过的投票上，它答对了 { $right } 的配对。
reason-few = 投票还太少，无法衡量它的口味，所以只检查了安全性。
reason-won = 从你的投票来看，它的新回复在与之前回复的比较中胜出 { $won }。
reason-later = 投票达到约 { $votes } 个后，会留出一部分用来判断，结果更准确。
reason-newer = 你最近的投票与以前的相反，所以只计入最新的 { $count } 个。
reason-unusable = 它无法使用：{ $why }。

## 训练如何结束

detail-cancelled = 已取消
detail-postponed = 夜间时间用完了；下一夜从这里开始
detail-other = 此人的另一次训练正在进行
detail-given-up = 中断 { $times } 次后放弃
detail-off = 个性化没有打开
detail-nothing = 没有可以学习的内容
detail-gone = 学习过的内容都已消失，所以重新由基础模型回复
detail-failed = 训练失败
detail-changed = 它正在学习的消息在此期间被删除或编辑了
detail-ended = 训练进程意外结束（{ $how }）
detail-crashed = 训练意外失败（{ $kind }）；详见日志
detail-no-room = 没有一条回复能放进模型
